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
        let file = try readScenario()
        let pacedRun = options.isPaced ? makePacedRun(file) : nil
        try pacedRun?.check()
        let simulated = try simulate(file.scenario)
        let paced = try await pacedRun?.run()
        try await write(paced?.timeline ?? simulated.timeline, title: file.name)
        let figures = SimulationFigures(file: file, simulated: simulated, paced: paced)
        if options.json {
            try Console.printJSON(figures)
        } else {
            try Console.print(SimulationText(figures).text)
        }
        guard simulated.violations.isEmpty else {
            throw SimulationFailure(violations: simulated.violations)
        }
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

    private func write(_ timeline: Timeline, title: String) async throws {
        if let path = options.tracePath {
            try await TraceFile(path, .replace).write(timeline)
        }
        if let path = options.ganttPath {
            let chart = GanttChart.svg(timeline, title: "\(title) (\(timeline.source))")
            do {
                try Data(chart.utf8).write(to: URL(filePath: path))
            } catch {
                throw UsageError("cannot write the chart to \(path)")
            }
        }
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
