import PipelineTypes
import Testing

@testable import CommandLineOptions

@Suite("the options of simulate")
struct SimulateCommandTests {
    @Test("a scenario is enough")
    func scenarioAlone() throws {
        #expect(
            try read(["simulate", "s.yaml"]).invocation
                == .simulate(
                    SimulateOptions(
                        scenarioPath: "s.yaml", seed: nil, chunking: nil, sends: nil,
                        isPaced: false, tracePath: nil, ganttPath: nil, json: false)))
    }

    @Test("every option has its place")
    func everything() throws {
        #expect(
            try read([
                "simulate", "--seed", "5", "--chunking", "dynamic:8192,0.75", "--sends",
                "synchronous", "--trace", "t", "--gantt", "g", "--json", "s.yaml",
            ]).invocation
                == .simulate(
                    SimulateOptions(
                        scenarioPath: "s.yaml", seed: 5,
                        chunking: .dynamic(tokens: 8192, smoothingFactor: 0.75),
                        sends: .synchronous, isPaced: false, tracePath: "t", ganttPath: "g",
                        json: true)))
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            (["simulate"], "scenario"),
            (["simulate", ""], "empty"),
            (["simulate", "s", "--seed", "-1"], "--seed"),
            (["simulate", "s", "--chunking", "fixed"], "auto, off, fixed:SIZE"),
            (["simulate", "s", "--sends", "never"], "asynchronous, synchronous"),
            (["simulate", "s", "--paced", "--sends", "asynchronous"], "--sends has no effect"),
        ])
    func refused(arguments: [String], part: String) {
        let message = refusal(arguments)
        #expect(message?.contains(part) == true, "\(message ?? "accepted")")
    }
}
