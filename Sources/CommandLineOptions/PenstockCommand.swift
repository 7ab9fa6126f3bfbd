import ArgumentParser

/// The root of the command line.
struct PenstockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "penstock",
        abstract: "Serve large language models with long prompts from a pipeline of processes.",
        version: "penstock \(PenstockVersion.current)",
        subcommands: [
            ServeCommand.self, InspectCommand.self, BenchCommand.self, ChunksCommand.self,
            SimulateCommand.self, PlanCommand.self, TraceCommand.self, StageCommand.self,
        ])

    static var commandNames: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    }
}

package enum PenstockVersion {
    package static let current = "0.1.0"
}
