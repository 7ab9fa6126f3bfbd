import ArgumentParser
import PipelineTypes

/// `penstock bench` and its measurements.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this machine with a model.",
        subcommands: [
            BenchPrefillCommand.self, BenchDecodeCommand.self, BenchAccuracyCommand.self,
            BenchKernelsCommand.self,
        ])
}

/// What every measurement is told: what to compute with, and how to print.
struct MeasurementFlags: ParsableArguments {
    @Option(
        name: .customLong("dtype"),
        help: .init(
            "Weights and products: auto or bfloat16 (the default), or float32.", valueName: "type"),
        transform: Checked.computeType)
    var type = ComputeType.bfloat16

    @OptionGroup var kvCache: KVCacheFlags
    @OptionGroup var processor: ProcessorFlags

    @Flag(name: .customLong("json"), help: "Print JSON.")
    var json = false
}

/// What measurements of a pipeline are told.
struct BenchFlags: ParsableArguments {
    @Argument(help: "A GGUF file or a Hugging Face folder.", transform: Checked.nonEmpty)
    var model: String

    @Option(
        name: [.customLong("pp-sizes"), .customLong("pp-size")],
        help: .init("Stages of each pipeline (default: 1).", valueName: "list"),
        transform: Checked.integers(1...4096))
    var stageCounts = [1]

    @Option(
        name: .customLong("repetitions"),
        help: .init(
            "Measurements per row, of which the median counts (default: 3).", valueName: "count"),
        transform: Checked.integer(1...1000))
    var repetitions = 3

    @OptionGroup var quantization: QuantizationFlags
    @OptionGroup var measurement: MeasurementFlags

    func options(environment: OptionEnvironment) throws(UsageError) -> BenchOptions {
        BenchOptions(
            modelPath: model, stageCounts: stageCounts, threads: measurement.processor.threads,
            repetitions: repetitions, type: measurement.type,
            instructionSet: try environment.instructionSet(
                flag: measurement.processor.instructionSet),
            kvCache: measurement.kvCache.choice, quantization: quantization.method,
            json: measurement.json)
    }

    /// Requests that are submitted at once.
    static let requestCounts = 1...4096
}

/// `penstock bench prefill`.
struct BenchPrefillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prefill",
        abstract: "Measure time to first token and prompt tokens per second.")

    @Option(
        name: .customLong("prompt-lengths"),
        help: .init("Tokens of each prompt (default: 512,2048,8192).", valueName: "list"),
        transform: Checked.integers(Checked.tokens))
    var promptLengths = [512, 2048, 8192]

    @Option(
        name: [.customLong("chunk-sizes"), .customLong("chunked-prefill-size")],
        help: .init(
            "Chunk sizes: auto, off, multiples of 64, dynamic:SIZE:FACTOR (default: auto).",
            valueName: "list"),
        transform: Checked.chunkingPolicies)
    var chunkSizes = [ChunkingPolicy.automatic]

    @Option(
        name: .customLong("requests"),
        help: .init(
            """
            Prompts submitted at once (default: 1); time runs until the last one's first token.
            """, valueName: "count"),
        transform: Checked.integer(BenchFlags.requestCounts))
    var requestCount = 1

    @OptionGroup var bench: BenchFlags

    func options(environment: OptionEnvironment) throws(UsageError) -> BenchPrefillOptions {
        BenchPrefillOptions(
            bench: try bench.options(environment: environment), promptLengths: promptLengths,
            chunkSizes: chunkSizes, requestCount: requestCount)
    }
}

/// `penstock bench decode`.
struct BenchDecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Measure decoded tokens per second and inter-token latency.",
        discussion: """
            Prompts are computed first and stay in the prefix cache. What counts is the time in \
            which all requests decode. A row is of the median repetition; its latency (ITL) is the \
            median of its tokens.
            """)

    @Option(
        name: .customLong("depths"),
        help: .init(
            "Positions computed before; 0 is a prompt of one token (default: 0,8192).",
            valueName: "list"),
        transform: Checked.integers(0...Checked.tokens.upperBound))
    var depths = [0, 8192]

    @Option(
        name: .customLong("batch-sizes"),
        help: .init("Requests that decode together (default: 1,8).", valueName: "list"),
        transform: Checked.integers(BenchFlags.requestCounts))
    var batchSizes = [1, 8]

    @Option(
        name: .customLong("new-tokens"),
        help: .init(
            "Tokens that each request decodes after its first (default: 64).", valueName: "count"),
        transform: Checked.integer(2...1_000_000))
    var newTokens = 64

    @OptionGroup var bench: BenchFlags

    func options(environment: OptionEnvironment) throws(UsageError) -> BenchDecodeOptions {
        BenchDecodeOptions(
            bench: try bench.options(environment: environment), depths: depths,
            batchSizes: batchSizes, newTokens: newTokens)
    }
}
