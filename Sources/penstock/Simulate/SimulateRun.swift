import CommandLineOptions
import Foundation
import Logging
import PipelineTypes
import ScenarioFiles
import SettingsFiles
import Simulation
import Timelines

/// `penstock simulate`: a scenario in virtual time, and, if asked for, on paced stages.
struct SimulateRun {
    private let options: SimulateOptions
    private let environment: [String: String]

    init(_ options: SimulateOptions, environment: [String: String]) {
        self.options = options
        self.environment = environment
    }

    func run() async throws {
        try OutputFiles(
            inputs: ["the scenario": options.scenarioPath],
            outputs: ["--trace": options.tracePath, "--gantt": options.ganttPath]
        ).check()
        let file = try readScenario()
        let pacedRun = options.isPaced ? makePacedRun(file) : nil
        try pacedRun?.check()
        let simulated = try simulate(file.scenario)
        let paced = try await pacedRun?.run()
        let timeline = paced?.timeline ?? simulated.timeline
        let figures = SimulationFigures(file: file, simulated: simulated, paced: paced)
        var steps = Steps()
        await steps.take { try print(figures) }
        await steps.take { try await writeTrace(timeline) }
        await steps.take { try writeChart(timeline, title: file.name) }
        await steps.take {
            guard simulated.violations.isEmpty else {
                throw SimulationFailure(violations: simulated.violations)
            }
        }
        try steps.end()
    }

    private func readScenario() throws(UsageError) -> ScenarioFile {
        do {
            var file = try ScenarioFile(contentsOf: options.scenarioPath)
            if let seed = options.seed { file.scenario.seed = seed }
            if let chunking = options.chunking { file.scenario.limits.chunking = chunking }
            for index in file.scenario.links.indices {
                switch options.sends {
                case .asynchronous: file.scenario.links[index].sends = .asynchronous
                case .synchronous: file.scenario.links[index].sends = .synchronous
                case nil: break
                }
            }
            return file
        } catch {
            throw UsageError(error.description)
        }
    }

    private func simulate(_ scenario: Scenario) throws(UsageError) -> RunFigures {
        do {
            return RunFigures(simulated: try scenario.simulate())
        } catch {
            throw UsageError("\(options.scenarioPath): \(error)")
        }
    }

    private func makePacedRun(_ file: ScenarioFile) -> PacedRun {
        PacedRun(file, environment: environment, logger: Logger.console(level: .warning))
    }

    // MARK: What comes out

    private func print(_ figures: SimulationFigures) throws {
        if options.json {
            try Console.printJSON(figures)
        } else {
            try Console.print(SimulationText(figures).text)
        }
    }

    private func writeTrace(_ timeline: Timeline) async throws(FileError) {
        guard let path = options.tracePath else { return }
        try await TraceFile(path, .replace).write(timeline)
    }

    private func writeChart(_ timeline: Timeline, title: String) throws(FileError) {
        guard let path = options.ganttPath else { return }
        try PlainFile.write(
            GanttChart.svg(timeline, title: "\(title) (\(timeline.source))"), to: path)
    }
}

/// The scheduler did what it must never do.
private struct SimulationFailure: Error, CustomStringConvertible {
    let violations: [String]

    var description: String {
        let more = violations.count == 1 ? "" : " (and \(violations.count - 1) more)"
        return "the run broke a rule: \(violations.first ?? "")\(more)"
    }
}
