import Checkpoints
import DecoderModels
import Kernels
import PipelineTypes
import StageProtocol
import StageWorker

/// The real thing behind a stage: a decoder's layers on this machine's cores.
struct DecoderBackend: StageBackend {
    private let stage: DecoderStage
    private let messageRowByteCount: Int
    let hiddenSize: Int

    /// The program, its libraries, and what those keep: products that oneDNN has compiled, Open
    /// MPI's buffers.
    private static let processByteCount = 46 << 20
    /// Messages in memory at a time: one is computed, the next have come, or the last are leaving.
    private static let messagesMax = 4

    init(
        _ configuration: StageConfiguration, progress: (LoadProgress) -> Void
    ) throws(StageFault) {
        do {
            let checkpoint = try Checkpoint.open(path: configuration.modelPath)
            let model = try DecoderConfiguration(checkpoint)
            let instructionSet = try Self.instructionSet(configuration)
            let kernels = try Self.kernels(configuration, instructionSet)
            let pool = ThreadPool(
                threadCount: configuration.threadCount, cores: configuration.processors,
                instructionSet: instructionSet)
            let int8 = try Self.int8Kernels(configuration, instructionSet)
            let weights = try returningFreedMemory {
                try StageWeights(
                    checkpoint, model, layers: configuration.layers, kernels: kernels, int8: int8,
                    threadCount: configuration.threadCount
                ) { share in
                    progress(LoadProgress(loadedBytes: UInt64(share * 1e6), totalBytes: 1_000_000))
                }
            }
            let cache = try KVStorage(
                layers: configuration.layers.count, pageCount: configuration.pageCount,
                kvHeads: model.kvHeadCount, headSize: model.headSize, type: kernels.cacheType)
            stage = DecoderStage(
                configuration: model, weights: weights, kernels: kernels, cache: cache, pool: pool)
            hiddenSize = model.hiddenSize
            messageRowByteCount =
                configuration.stageCount == 1
                ? 0 : model.hiddenSize * MemoryLayout<Float>.stride
        } catch {
            throw StageFault("\(error)")
        }
    }

    var memory: StageMemory {
        let (weights, cache) = stage.byteCounts
        let (scratch, scratchPerToken) = stage.scratchByteCounts
        return StageMemory(
            weights: UInt64(weights), cache: UInt64(cache),
            working: UInt64(Self.processByteCount + scratch),
            workingPerToken: UInt64(scratchPerToken + Self.messagesMax * messageRowByteCount))
    }

    var computeTimes: ComputeTimes {
        stage.computeTimes
    }

    mutating func forward(
        _ microbatch: Microbatch, input: Span<Float>, output: inout MutableSpan<Float>,
        progress: () -> Void
    ) throws(StageFault) -> [ChunkResult] {
        do throws(DecoderError) {
            return try stage.forward(
                microbatch, input: input, output: &output, progress: progress)
        } catch {
            throw StageFault("\(error)")
        }
    }

    private static func instructionSet(
        _ configuration: StageConfiguration
    ) throws(StageFault) -> InstructionSet {
        let best = InstructionSet.best
        guard let name = configuration.instructionSet else { return best }
        guard let forced = InstructionSet(rawValue: name), forced <= best else {
            throw StageFault("this CPU has no \(name); its best is \(best.rawValue)")
        }
        guard forced.confineMatrixProducts() else {
            throw StageFault("oneDNN cannot be confined to \(name)")
        }
        return forced
    }

    private static func int8Kernels(
        _ configuration: StageConfiguration, _ instructionSet: InstructionSet
    ) throws(StageFault) -> Int8Kernels? {
        guard let name = configuration.quantization else { return nil }
        guard name == "w8a8_int8" else {
            throw StageFault("no quantization is called \(name)")
        }
        guard let kernels = Int8Kernels(instructionSet: instructionSet) else {
            throw StageFault("oneDNN's 8-bit products are not exact on this CPU: no \(name)")
        }
        return kernels
    }

    private static func kernels(
        _ configuration: StageConfiguration, _ instructionSet: InstructionSet
    ) throws(StageFault) -> LayerKernels {
        let type: ComputeType = configuration.dataType == "float32" ? .float32 : .bfloat16
        guard let cacheType = KVCacheType(rawValue: configuration.kvCacheType),
            let kernels = LayerKernels(
                instructionSet: instructionSet, type: type, cacheType: cacheType)
        else {
            throw StageFault(
                "no kernels for \(instructionSet.rawValue) and \(configuration.kvCacheType)")
        }
        return kernels
    }
}
