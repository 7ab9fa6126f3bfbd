import Checkpoints
import CommandLineOptions
import DecoderModels
import Kernels
import PipelineTypes
import StageProtocol

/// What a pipeline is asked for, whether it is to serve or to be measured.
struct PipelineRequest {
    var modelPath: String
    var pipeline: PipelineOptions
    var scheduling: SchedulingOptions
    var memory: MemoryOptions
    var compute: ComputeOptions
    /// nil takes the model's own.
    var contextLength: Int?
    /// Computes positions beyond those that the model was trained for.
    var mayExceedContext = false
}

/// A request made fit for the model and for this machine.
struct ServingPlan {
    let checkpoint: Checkpoint
    let model: DecoderConfiguration
    let limits: ServingLimits
    let stages: [StageConfiguration]
    /// Where the stages run; empty keeps them on this host.
    let hosts: [String]
    let partitionsByCost: Bool
    /// Positions that each of as many requests as there are stages can have in the memory for keys
    /// and values that stages take when they begin.
    let populatedTokens: Int

    /// What is allowed, but hardly meant.
    private(set) var warnings: [String] = []

    init(_ request: PipelineRequest) throws {
        let checkpoint = try Checkpoint.open(path: request.modelPath)
        let model = try DecoderConfiguration(checkpoint)
        let tensors = DecoderTensors(checkpoint, model)
        try tensors.check()
        partitionsByCost = request.pipeline.partitionsByCost
        hosts = request.pipeline.hosts
        self.checkpoint = checkpoint
        self.model = model
        let stageCount = request.pipeline.stageCount
        let partition: LayerPartition
        do throws(LayerPartitionError) {
            partition = try Self.partition(request.pipeline, layers: model.layerCount)
        } catch {
            throw UsageError(error.description)
        }
        let contextLength = request.contextLength ?? model.contextLength
        guard contextLength <= model.contextLength || request.mayExceedContext else {
            throw UsageError(
                "--context-length \(contextLength) is above the model's \(model.contextLength); "
                    + "add --allow-overwrite-longer-context-len to allow it")
        }
        let cacheType = KVCacheType(request.compute.kvCache, type: request.compute.type)
        let pageCount = try KVBudget(
            weightBytes: try tensors.packedByteCount(
                Self.activationType(request.compute),
                roundsLayers: request.compute.quantization == .w8a8Int8),
            pageBytes: model.kvByteCount(layers: model.layerCount, type: cacheType) * Page.size,
            contextLength: contextLength, options: request.memory
        ).pageCount()
        populatedTokens =
            KVStorage.populatedByteCount
            / model.kvByteCount(layers: model.layerCount, type: cacheType)
        limits = ServingLimits(
            stageCount: stageCount, asyncBatchDepth: request.pipeline.asyncBatchDepth,
            pageCount: pageCount, contextLength: contextLength,
            runningRequestsMax: request.scheduling.runningRequestsMax ?? Self.runningRequestsMax,
            queuedRequestsMax: request.scheduling.queuedRequestsMax,
            chunking: request.scheduling.chunking,
            prefillTokensMax: request.scheduling.prefillTokensMax,
            microbatchRequestsMax: request.scheduling.microbatchRequestsMax,
            prefixCacheEnabled: request.memory.prefixCacheEnabled)
        let availableCores = availableCores()
        if let threads = request.compute.threads, threads > max(1, availableCores.count) {
            throw UsageError(
                "--threads \(threads) is more than the \(availableCores.count) cores there are")
        }
        let cores = CoreShares(
            stageCount: stageCount, hostCount: max(1, hosts.count),
            threads: request.compute.threads, cores: availableCores)
        stages = (0..<stageCount).map { stage in
            StageConfiguration(
                stage: stage, layerCounts: partition.layerCounts, modelPath: request.modelPath,
                dataType: request.compute.type.rawValue,
                quantization: request.compute.quantization?.rawValue,
                kvCacheType: cacheType.rawValue,
                activationType: request.pipeline.activationType == .float32 ? .float32 : .bfloat16,
                instructionSet: request.compute.instructionSet?.rawValue,
                threadCount: cores.threads, processors: cores.cores(ofStage: stage),
                pageCount: pageCount, contextLength: contextLength)
        }
        warnings = Self.warnings(request, threadsOfHost: cores.threadsOfHost)
    }

    private static func warnings(_ request: PipelineRequest, threadsOfHost: Int) -> [String] {
        var warnings: [String] = []
        let coreCount = availableCores().count
        if threadsOfHost > coreCount {
            warnings.append(
                "\(threadsOfHost) threads of stages share \(coreCount) cores: stages wait for each"
                    + " other; fewer stages or --threads would be faster")
        }
        let tokensMax = request.scheduling.prefillTokensMax
        if case .fixed(let tokens) = request.scheduling.chunking, tokens > tokensMax {
            warnings.append(
                "chunks of \(tokens) tokens are cut to --max-prefill-tokens, \(tokensMax)")
        }
        return warnings
    }

    /// Where nothing is asked for.
    static let runningRequestsMax = 256

    /// How stages will store activations, if their machines have this one's instruction sets.
    private static func activationType(_ options: ComputeOptions) -> Kernels.ComputeType {
        let forced = options.instructionSet.flatMap {
            Kernels.InstructionSet(rawValue: $0.rawValue)
        }
        return (forced ?? .best).activationType(options.type == .float32 ? .float32 : .bfloat16)
    }

    private static func partition(
        _ options: PipelineOptions, layers: Int
    ) throws(LayerPartitionError) -> LayerPartition {
        guard let counts = options.layerCounts else {
            return try LayerPartition(layers: layers, stages: options.stageCount)
        }
        return try LayerPartition(
            layerCounts: counts, layers: layers, stages: options.stageCount)
    }
}

/// How a machine's cores are shared out among the stages.
struct CoreShares {
    /// Threads of one stage.
    let threads: Int
    /// Threads of all stages of one host.
    let threadsOfHost: Int
    private let cores: [Int]

    /// Takes every host to have as many cores as this one. Which of them a stage on several hosts
    /// runs on is left to each host's kernel.
    init(stageCount: Int, hostCount: Int, threads: Int?, cores: [Int]) {
        let stagesPerHost = (stageCount + hostCount - 1) / hostCount
        self.cores = hostCount == 1 ? cores : []
        self.threads = threads ?? max(1, cores.count / stagesPerHost)
        threadsOfHost = stagesPerHost * self.threads
    }

    /// Neighbouring cores; stages share them when there are not enough.
    func cores(ofStage stage: Int) -> [Int] {
        guard !cores.isEmpty else { return [] }
        return (0..<threads).map { cores[(stage * threads + $0) % cores.count] }
    }
}

/// How many pages of KV cache the machine's memory has room for.
struct KVBudget {
    /// Of all stages' packed weights together.
    let weightBytes: Int
    /// Of a page in all layers.
    let pageBytes: Int
    let contextLength: Int
    let options: MemoryOptions

    /// The share of the available memory for weights and KV pages.
    private static let staticFraction = 0.8
    /// Full contexts for which pages are kept where nothing is asked for.
    private static let contextsMax = 16
    /// What is counted on where the system does not say how much memory is available.
    private static let unknownMemory = 4 << 30

    func pageCount() throws(UsageError) -> Int {
        let wanted = options.totalTokensMax ?? Int.max
        let fits = pagesInMemory
        guard fits > 0 else {
            throw UsageError("no memory for the model's KV cache beside its weights")
        }
        if options.staticFraction == nil, options.totalTokensMax == nil {
            return min(fits, Page.count(for: contextLength) * Self.contextsMax)
        }
        return max(1, min(fits, wanted == Int.max ? fits : Page.count(for: wanted)))
    }

    private var pagesInMemory: Int {
        let fraction = options.staticFraction ?? Self.staticFraction
        let available = ProcessMemory.availableByteCount ?? Self.unknownMemory
        let room = Double(available) * fraction - Double(weightBytes)
        return max(0, Int(room / Double(pageBytes)))
    }
}
