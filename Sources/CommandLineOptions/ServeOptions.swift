package import PipelineTypes

/// Everything that `penstock serve` can be asked for, checked as far as that is possible without
/// the model at hand.
package struct ServeOptions: Hashable, Sendable {
    /// The file that some of them were read from; nil without one.
    package var configPath: String?
    package var model: ModelOptions
    package var server: ServerOptions
    package var pipeline: PipelineOptions
    package var scheduling: SchedulingOptions
    package var memory: MemoryOptions
    package var compute: ComputeOptions
    package var logging: LoggingOptions
}

/// Which model, and what clients see of it.
package struct ModelOptions: Hashable, Sendable {
    /// A GGUF file or a Hugging Face folder.
    package var path: String
    /// Without ':'.
    package var servedName: String
    /// Positions per request; nil takes the model's own.
    package var contextLength: Int?
    /// Those may be more than the model was trained for.
    package var mayExceedContext: Bool
    /// Requests bring token ids and get token ids.
    package var skipTokenizerInit: Bool
}

/// Where and how clients are served.
package struct ServerOptions: Hashable, Sendable {
    package var host: String
    /// 0 lets the system choose.
    package var port: Int
    /// nil asks nobody for a key.
    package var apiKey: String?
    /// Tokens per event of a streamed answer.
    package var streamInterval: Int
    /// Cuts what exceeds the context length instead of refusing the request.
    package var allowsAutoTruncate: Bool
    package var skipWarmup: Bool
    /// How long a microbatch may take before its pipeline counts as lost.
    package var watchdogTimeoutSeconds: Double
}

/// The pipeline of stages.
package struct PipelineOptions: Hashable, Sendable {
    package var stageCount: Int
    /// Layers of each stage, `stageCount` entries of at least 1; nil divides them evenly.
    package var layerCounts: [Int]?
    /// Layers are shared out by what the stages take.
    package var partitionsByCost: Bool
    /// Microbatches in flight beyond one per stage.
    package var asyncBatchDepth: Int?
    package var activationType: ActivationType
    /// Where stages run, in pipeline order, this host first; at most as many as there are stages.
    /// Empty keeps them on this host.
    package var hosts: [String]

    package init(
        stageCount: Int, layerCounts: [Int]?, partitionsByCost: Bool = false,
        asyncBatchDepth: Int?, activationType: ActivationType, hosts: [String] = []
    ) {
        self.stageCount = stageCount
        self.layerCounts = layerCounts
        self.partitionsByCost = partitionsByCost
        self.asyncBatchDepth = asyncBatchDepth
        self.activationType = activationType
        self.hosts = hosts
    }
}

/// What runs together, and how much of it.
package struct SchedulingOptions: Hashable, Sendable {
    package var chunking: ChunkingPolicy
    /// Prompt tokens of one microbatch.
    package var prefillTokensMax: Int
    /// Requests that hold KV pages at a time; nil lets the server decide.
    package var runningRequestsMax: Int?
    /// Requests that may wait; nil is unbounded.
    package var queuedRequestsMax: Int?
    /// Decode steps in one microbatch; nil spreads them over the pipeline.
    package var microbatchRequestsMax: Int?

    /// Prompt tokens of one microbatch where nothing is asked for.
    package static let prefillTokensMax = 16384

    package init(
        chunking: ChunkingPolicy, prefillTokensMax: Int, runningRequestsMax: Int?,
        queuedRequestsMax: Int?, microbatchRequestsMax: Int?
    ) {
        self.chunking = chunking
        self.prefillTokensMax = prefillTokensMax
        self.runningRequestsMax = runningRequestsMax
        self.queuedRequestsMax = queuedRequestsMax
        self.microbatchRequestsMax = microbatchRequestsMax
    }
}

/// The KV cache.
package struct MemoryOptions: Hashable, Sendable {
    /// The share of the memory that weights and KV pages may take; nil lets the server decide.
    package var staticFraction: Double?
    /// Positions that the KV cache holds; nil fills the memory's share.
    package var totalTokensMax: Int?
    package var prefixCacheEnabled: Bool

    package init(
        staticFraction: Double?, totalTokensMax: Int?, prefixCacheEnabled: Bool
    ) {
        self.staticFraction = staticFraction
        self.totalTokensMax = totalTokensMax
        self.prefixCacheEnabled = prefixCacheEnabled
    }
}

/// The arithmetic of a stage.
package struct ComputeOptions: Hashable, Sendable {
    package var type: ComputeType
    /// Compute threads of one stage; nil shares the cores out among the stages.
    package var threads: Int?
    /// nil takes the best that the processor has.
    package var instructionSet: InstructionSet?
    package var kvCache: KVCacheChoice
    /// nil computes with the weights as they are.
    package var quantization: Quantization?

    package init(
        type: ComputeType, threads: Int?, instructionSet: InstructionSet?,
        kvCache: KVCacheChoice = .automatic, quantization: Quantization? = nil
    ) {
        self.type = type
        self.threads = threads
        self.instructionSet = instructionSet
        self.kvCache = kvCache
        self.quantization = quantization
    }
}

/// What the server writes about itself.
package struct LoggingOptions: Hashable, Sendable {
    package var level: LogLevel
    package var logsRequests: Bool
    /// Where the trace of the whole run goes; nil writes none.
    package var tracePath: String?
    /// Where profiles go whose clients name no folder.
    package var profileDirectory: String
}
