import ArgumentParser

/// `penstock stage`: how the coordinator starts a stage.
struct StageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage", abstract: "Run one stage of a pipeline.", shouldDisplay: false)
}

/// `penstock inspect`.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Print a model's architecture, sizes, layer partition and KV cache needs.")

    @Argument(help: "A GGUF file or a Hugging Face folder.", transform: Checked.nonEmpty)
    var model: String

    @Option(
        name: .customLong("pp-size"),
        help: .init("Stages of the pipeline (default: 1).", valueName: "stages"),
        transform: Checked.integer(1...4096))
    var stageCount = 1

    @Option(
        name: .customLong("pp-layer-partition"),
        help: .init(
            "Layers of each stage, such as 15,15,15,16 (default: even).", valueName: "layers"),
        transform: Checked.layerCounts)
    var layerPartition: [Int]?

    @OptionGroup var kvCache: KVCacheFlags

    @Flag(name: .customLong("json"), help: "Print JSON.")
    var json = false

    func options(environment: OptionEnvironment) throws(UsageError) -> InspectOptions {
        InspectOptions(
            modelPath: model, stageCount: stageCount,
            layerCounts: try environment.layerCounts(flag: layerPartition, stages: stageCount),
            kvCache: kvCache.choice, json: json)
    }
}

/// `penstock trace`.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Say what the stages did in a trace, and why they were idle.",
        discussion: "Traces come from serve --trace, from /start_profile, and from simulate.")

    @Argument(help: "The trace, a JSON file.", transform: Checked.nonEmpty)
    var path: String

    @Option(
        name: .customLong("gantt"),
        help: .init("Draw the stages' work into an SVG file.", valueName: "file"),
        transform: Checked.nonEmpty)
    var ganttPath: String?

    @Flag(name: .customLong("json"), help: "Print JSON.")
    var json = false

    var options: TraceOptions {
        TraceOptions(path: path, ganttPath: ganttPath, json: json)
    }
}
