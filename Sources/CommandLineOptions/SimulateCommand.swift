import ArgumentParser
package import PipelineTypes

/// `penstock simulate`.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run a scenario in virtual time, and say what the pipeline did.",
        discussion: """
            The scheduler is the server's own. With --paced, the scenario also runs in real time: \
            real processes and messages, on stages that wait instead of computing.
            """)

    @Argument(
        help: .init("A YAML file, such as those in scenarios/.", valueName: "scenario"),
        transform: Checked.nonEmpty)
    var scenario: String

    @Option(
        name: .customLong("seed"),
        help: .init("Takes the place of the scenario's.", valueName: "number"),
        transform: Checked.integer(0...Int.max))
    var seed: Int?

    @Option(
        name: .customLong("chunking"),
        help: .init(
            "Takes the place of the scenario's: auto, off, fixed:SIZE, dynamic:SIZE:FACTOR.",
            valueName: "policy"),
        transform: Checked.chunking)
    var chunking: ChunkingPolicy?

    @Option(
        name: .customLong("sends"),
        help: .init(
            "Takes the place of every link's: asynchronous or synchronous.", valueName: "how"),
        transform: Checked.choice())
    var sends: LinkSends?

    @Flag(name: .customLong("paced"), help: "Run it in real processes too, and compare.")
    var isPaced = false

    @Option(
        name: .customLong("trace"),
        help: .init(
            "Write a Chrome trace, with --paced of the real processes.", valueName: "file"),
        transform: Checked.nonEmpty)
    var trace: String?

    @Option(
        name: .customLong("gantt"),
        help: .init(
            "Write a Gantt chart as SVG, with --paced of the real processes.", valueName: "file"),
        transform: Checked.nonEmpty)
    var gantt: String?

    @Flag(name: .customLong("json"), help: "Print JSON.")
    var json = false

    func options() throws(UsageError) -> SimulateOptions {
        if isPaced, sends != nil {
            throw UsageError("--sends has no effect on the real processes of --paced")
        }
        return SimulateOptions(
            scenarioPath: scenario, seed: seed.map(UInt64.init), chunking: chunking, sends: sends,
            isPaced: isPaced, tracePath: trace, ganttPath: gantt, json: json)
    }
}

/// Whether a stage is held until what it sends has arrived.
package enum LinkSends: String, CaseIterable, Hashable, Sendable {
    case asynchronous, synchronous
}

/// What `penstock simulate` is to run.
package struct SimulateOptions: Hashable, Sendable {
    package var scenarioPath: String
    /// nil takes the scenario's, here and below.
    package var seed: UInt64?
    package var chunking: ChunkingPolicy?
    package var sends: LinkSends?
    package var isPaced: Bool
    /// nil writes none.
    package var tracePath: String?
    package var ganttPath: String?
    package var json: Bool
}
