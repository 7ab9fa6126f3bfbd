import ArgumentParser
import PipelineTypes

/// Which model, and what clients see of it.
struct ModelFlags: ParsableArguments {
    @Argument(
        help: "The same as --model-path.", transform: Checked.nonEmpty)
    var model: String?

    @Option(
        name: [.customLong("model-path"), .customLong("model")],
        help: .init("A GGUF file or a Hugging Face folder.", valueName: "path"),
        transform: Checked.nonEmpty)
    var modelPath: String?

    @Option(
        name: .customLong("served-model-name"),
        help: .init(
            "What clients call the model, without ':' (default: from the path).",
            valueName: "name"),
        transform: Checked.modelName)
    var servedModelName: String?

    @Option(
        name: .customLong("context-length"),
        help: .init("Positions per request (default: the model's).", valueName: "tokens"),
        transform: Checked.integer(Checked.tokens))
    var contextLength: Int?

    @Flag(
        name: .customLong("allow-overwrite-longer-context-len"),
        help: "Let --context-length exceed the positions that the model was trained for.")
    var mayExceedContext = false

    @Flag(
        name: .customLong("skip-tokenizer-init"),
        help: "Take and give token ids only, without a tokenizer.")
    var skipTokenizerInit = false
}

/// Where and how clients are served.
struct ServerFlags: ParsableArguments {
    @Option(
        name: .customLong("host"), help: "The address to listen on (default: 127.0.0.1).",
        transform: Checked.nonEmpty)
    var host = "127.0.0.1"

    @Option(
        name: .customLong("port"),
        help: "The port to listen on; 0 takes a free one (default: 30000).",
        transform: Checked.integer(0...65535))
    var port = 30000

    @Option(
        name: .customLong("api-key"),
        help: .init("The key that clients must send (default: none).", valueName: "key"),
        transform: Checked.nonEmpty)
    var apiKey: String?

    @Option(
        name: .customLong("stream-interval"),
        help: .init("Tokens per event of a streamed answer (default: 1).", valueName: "tokens"),
        transform: Checked.integer(Checked.counts))
    var streamInterval = 1

    @Flag(
        name: .customLong("allow-auto-truncate"),
        help: "Cut prompts and token limits that exceed the context, instead of refusing them.")
    var allowsAutoTruncate = false

    @Flag(
        name: .customLong("skip-server-warmup"),
        help: "Accept clients before a first token has been generated.")
    var skipWarmup = false

    @Option(
        name: .customLong("watchdog-timeout"),
        help: .init(
            "Time after which a microbatch that does not return counts as lost (default: 300).",
            valueName: "seconds"),
        transform: Checked.number(above: 0, below: 1e9))
    var watchdogTimeout = 300.0

    @Option(
        name: .customLong("config"),
        help: .init(
            "A YAML file with these flags as keys, without the dashes; flags win over it.",
            valueName: "file"))
    var config: String?
}

/// The pipeline of stages.
struct PipelineFlags: ParsableArguments {
    @Option(
        name: [.customLong("pp-size"), .customLong("pipeline-parallel-size")],
        help: .init("Stages of the pipeline, one process each (default: 1).", valueName: "stages"),
        transform: Checked.integer(1...4096))
    var stageCount = 1

    @Option(
        name: .customLong("pp-layer-partition"),
        help: .init(
            "Layers of each stage, such as 15,15,15,16, or auto: by time (default: even).",
            valueName: "layers"),
        transform: Checked.layerPartition)
    var layerPartition: LayerPartitionChoice?

    @Option(
        name: .customLong("pp-async-batch-depth"),
        help: .init(
            "Microbatches in flight beyond one per stage (default: as many as pay).",
            valueName: "depth"),
        transform: Checked.integer(0...4096))
    var asyncBatchDepth: Int?

    @Option(
        name: .customLong("pp-max-micro-batch-size"),
        help: .init(
            "Decode steps in one microbatch (default: spread over the stages).",
            valueName: "requests"),
        transform: Checked.integer(Checked.counts))
    var microbatchRequestsMax: Int?

    @Option(
        name: .customLong("pp-activation-dtype"),
        help: .init(
            "Activations between stages: float32 (the default) is exact, bfloat16 half the size.",
            valueName: "type"),
        transform: Checked.choice())
    var activationType = ActivationType.float32

    @Option(
        name: .customLong("pp-hosts"),
        help: .init(
            "Hosts that share the stages, in order, this one first, by names that all know.",
            valueName: "hosts"),
        transform: Checked.hosts)
    var hosts: [String] = []
}

/// What runs together, and how much of it.
struct SchedulingFlags: ParsableArguments {
    @Option(
        name: .customLong("chunked-prefill-size"),
        help: .init(
            "Prompt tokens per chunk: auto (the default), a multiple of 64, -1 for whole prompts.",
            valueName: "tokens"),
        transform: Checked.chunkedPrefillSize)
    var chunkedPrefillSize = ChunkingPolicy.automatic

    @Flag(
        name: .customLong("enable-dynamic-chunking"),
        help: "Cut prompts by SGLang's rule, from --chunked-prefill-size (default: 2048) on.")
    var enableDynamicChunking = false

    @Option(
        name: .customLong("dynamic-chunking-smooth-factor"),
        help: .init(
            "Of dynamic chunking: 0 keeps the size, 1 follows the rule (default: 0.75).",
            valueName: "factor"),
        transform: Checked.unitInterval)
    var smoothingFactor: Double?

    @Option(
        name: .customLong("max-prefill-tokens"),
        help: .init(
            "Prompt tokens of one microbatch, at least 64 (default: 16384).",
            valueName: "tokens"),
        transform: Checked.integer(Page.size...Checked.tokens.upperBound))
    var prefillTokensMax = SchedulingOptions.prefillTokensMax

    @Option(
        name: .customLong("max-running-requests"),
        help: .init(
            "Requests that hold KV cache at a time (default: by memory).", valueName: "requests"),
        transform: Checked.integer(Checked.counts))
    var runningRequestsMax: Int?

    @Option(
        name: .customLong("max-queued-requests"),
        help: .init("Requests that may wait (default: any number).", valueName: "requests"),
        transform: Checked.integer(Checked.counts))
    var queuedRequestsMax: Int?
}

/// Memory and arithmetic.
struct MachineFlags: ParsableArguments {
    @Option(
        name: .customLong("mem-fraction-static"),
        help: .init(
            "Share of the memory for weights and KV cache (default: chosen at start).",
            valueName: "share"),
        transform: Checked.number(above: 0, below: 1))
    var memoryFraction: Double?

    @Option(
        name: .customLong("max-total-tokens"),
        help: .init(
            "Positions that the KV cache holds (default: by memory).", valueName: "tokens"),
        transform: Checked.integer(Checked.tokens))
    var totalTokensMax: Int?

    @Flag(
        name: .customLong("disable-radix-cache"),
        help: "Compute every prompt from its first token.")
    var disableRadixCache = false

    @Option(
        name: .customLong("dtype"),
        help: .init(
            "Weights and products: auto or bfloat16 (the default), or float32 for accuracy checks.",
            valueName: "type"),
        transform: Checked.computeType)
    var type = ComputeType.bfloat16

    @OptionGroup var quantization: QuantizationFlags
    @OptionGroup var kvCache: KVCacheFlags
    @OptionGroup var processor: ProcessorFlags
}

/// What every command that computes a model can be told of its linear layers.
struct QuantizationFlags: ParsableArguments {
    @Option(
        name: .customLong("quantization"),
        help: .init(
            """
            Linear layers: as the checkpoint has them (the default), or w8a8_int8, which \
            rounds weights and inputs to 8 bits. Prompts are faster then, single requests \
            decode more slowly, and results are a little less accurate.
            """, valueName: "method"),
        transform: Checked.quantization)
    var method: Quantization?
}

/// What every command with a KV cache can be told of it.
struct KVCacheFlags: ParsableArguments {
    @Option(
        name: .customLong("kv-cache-dtype"),
        help: .init(
            """
            Keys and values: auto (the default, what --dtype says), bfloat16, or int8, which \
            takes little more than half the memory and is a little less accurate.
            """, valueName: "type"),
        transform: Checked.kvCache)
    var choice = KVCacheChoice.automatic
}

/// What every command that computes can be told of the processor.
struct ProcessorFlags: ParsableArguments {
    @Option(
        name: .customLong("threads"),
        help: "Compute threads of each stage (default: the cores, shared by the stages).",
        transform: Checked.integer(1...4096))
    var threads: Int?

    @Option(
        name: .customLong("isa"),
        help: .init(
            "Force avx512_bf16, avx512, avx2 or scalar (default: the best there is).",
            valueName: "name"),
        transform: Checked.choice())
    var instructionSet: InstructionSet?
}

/// What the server writes about itself.
struct LoggingFlags: ParsableArguments {
    @Option(
        name: .customLong("log-level"),
        help: .init(
            "trace, debug, info (the default), warning, error or critical.", valueName: "level"),
        transform: Checked.choice())
    var level = LogLevel.info

    @Flag(name: .customLong("log-requests"), help: "A line in the log for every request.")
    var logsRequests = false

    @Option(
        name: .customLong("trace"),
        help: .init(
            "Write when each stage worked on what, for Perfetto and penstock trace, at the end.",
            valueName: "file"),
        transform: Checked.nonEmpty)
    var tracePath: String?
}
