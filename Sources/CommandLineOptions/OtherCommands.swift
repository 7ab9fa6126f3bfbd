import ArgumentParser
import PipelineTypes

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

    @Flag(name: .customLong("json"), help: "Print JSON.")
    var json = false

    func options(environment: OptionEnvironment) throws(UsageError) -> InspectOptions {
        InspectOptions(
            modelPath: model, stageCount: stageCount,
            layerCounts: try environment.layerCounts(flag: layerPartition, stages: stageCount),
            json: json)
    }
}

/// `penstock bench` and its measurements.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this machine with a model.",
        subcommands: [BenchPrefillCommand.self])
}

/// `penstock bench prefill`.
struct BenchPrefillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prefill",
        abstract: "Measure time to first token and prompt tokens per second.")

    @Argument(help: "A GGUF file or a Hugging Face folder.", transform: Checked.nonEmpty)
    var model: String

    @Option(
        name: .customLong("prompt-lengths"),
        help: .init("Tokens of each prompt (default: 512,2048,8192).", valueName: "list"),
        transform: Checked.integers(Checked.tokens))
    var promptLengths = [512, 2048, 8192]

    @Option(
        name: [.customLong("pp-sizes"), .customLong("pp-size")],
        help: .init("Stages of each pipeline (default: 1).", valueName: "list"),
        transform: Checked.integers(1...4096))
    var stageCounts = [1]

    @Option(
        name: [.customLong("chunk-sizes"), .customLong("chunked-prefill-size")],
        help: .init(
            "Chunk sizes: auto, off, multiples of 64, dynamic:SIZE:FACTOR (default: auto).",
            valueName: "list"),
        transform: Checked.chunkingPolicies)
    var chunkSizes = [ChunkingPolicy.automatic]

    @Option(
        name: .customLong("repetitions"),
        help: .init(
            "Measurements per row, of which the median counts (default: 3).", valueName: "count"),
        transform: Checked.integer(1...1000))
    var repetitions = 3

    @Option(
        name: .customLong("dtype"),
        help: .init(
            "Weights and products: bfloat16 (the default) or float32.", valueName: "type"),
        transform: Checked.computeType)
    var type = ComputeType.bfloat16

    @OptionGroup var processor: ProcessorFlags

    @Flag(name: .customLong("json"), help: "Print JSON.")
    var json = false

    func options(environment: OptionEnvironment) throws(UsageError) -> BenchPrefillOptions {
        BenchPrefillOptions(
            modelPath: model, promptLengths: promptLengths, threads: processor.threads,
            stageCounts: stageCounts, chunkSizes: chunkSizes, repetitions: repetitions, type: type,
            instructionSet: try environment.instructionSet(flag: processor.instructionSet),
            json: json)
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
