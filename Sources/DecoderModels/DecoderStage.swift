package import Checkpoints
package import Kernels
package import PipelineTypes

/// One stage's layers, weights and KV pages; computes microbatches on the stage's thread pool.
///
/// A token's result does not depend on what it is computed with: rows are independent in every
/// step, and no sum is ever split differently.
package final class DecoderStage {
    let configuration: DecoderConfiguration
    let weights: StageWeights
    let kernels: LayerKernels
    let cache: KVStorage
    let shape: HeadShape
    private let pool: ThreadPool
    private let frequencies: [Float]
    var buffers: StageBuffers
    let blocks: [BlockBuffers]
    private var head: OutputHead?
    /// What the threads did in the last microbatch.
    package private(set) var computeTimes = ComputeTimes()

    private let tokensPerTask: Int

    /// Tokens whose attention is computed in one go: about a hundred query rows share each page.
    package static func tokensPerTask(groupSize: Int) -> Int {
        max(1, 96 / groupSize)
    }

    package init(
        configuration: DecoderConfiguration, weights: StageWeights, kernels: LayerKernels,
        cache: KVStorage, pool: ThreadPool
    ) {
        self.configuration = configuration
        self.weights = weights
        self.kernels = kernels
        self.cache = cache
        self.pool = pool
        shape = configuration.heads
        tokensPerTask = Self.tokensPerTask(groupSize: shape.group)
        frequencies = configuration.rope.frequencies(headSize: configuration.headSize)
        buffers = StageBuffers(configuration, shape: shape, type: kernels.activationType)
        let scratchCount = shape.attentionScratchCount(tokens: tokensPerTask)
        blocks = (0..<pool.threadCount).map { _ in
            BlockBuffers(
                configuration, type: kernels.activationType, rows: WorkSplit.blockRowsMax,
                attentionScratchCount: scratchCount, roundsInputs: weights.roundsInputs)
        }
        head = weights.head.map {
            OutputHead($0, kernels: kernels, epsilon: configuration.normEpsilon)
        }
        FewRowsTrial.run(weights.plainMatrices, on: pool)
    }

    /// Bytes of weights and of KV pages.
    package var byteCounts: (weights: Int, cache: Int) {
        (weights.byteCount, cache.byteCount)
    }

    /// Bytes of memory to compute in, at most: always, and for each token of a microbatch.
    package var scratchByteCounts: (fixed: Int, perToken: Int) {
        let parts = MicrobatchRows.partCountMax(
            positions: cache.pageCount * Page.size, workerCount: pool.threadCount)
        let fixed = parts * buffers.attentionParts.rowByteCount + (head?.byteCount ?? 0)
        return (
            blocks.reduce(fixed) { $0 + $1.byteCount },
            buffers.rowByteCount + MemoryLayout<MicrobatchRows.Place>.stride
        )
    }

    /// Computes this stage's layers for a microbatch.
    ///
    /// - Parameters:
    ///   - input: [tokens][hidden] from the stage before; unused on the first.
    ///   - output: [tokens][hidden] for the next stage; unused on the last.
    ///   - progress: called on the calling thread after each layer and, as that takes long behind a
    ///     long prefix, after each of its tasks of attention.
    /// - Returns: what the chunks asked for, on the last stage.
    package func forward(
        _ microbatch: Microbatch, input: Span<Float>, output: inout MutableSpan<Float>,
        progress: () -> Void
    ) throws(DecoderError) -> [ChunkResult] {
        defer { computeTimes = pool.takeTimes() }
        try check(microbatch, input: input)
        let rows = MicrobatchRows(
            microbatch, kvHeads: shape.kvHeads, tokensPerTask: tokensPerTask,
            workerCount: pool.threadCount)
        guard !rows.places.isEmpty else { return [] }
        buffers.reserve(rows: rows.places.count, parts: rows.partCount)
        try enter(rows, input: input)
        let pass = LayerPass(
            stage: self, microbatch: microbatch, rows: rows,
            split: WorkSplit(rowCount: rows.places.count, workerCount: pool.threadCount))
        pool.run { worker in
            pass.prepare(worker, frequencies: frequencies)
            for layer in weights.layers.indices {
                pass.run(layer: layer, worker, progress: progress)
            }
        }
        if var head {
            let results = head.results(
                microbatch, rows: rows, residual: buffers.residual.rows, pool: pool)
            self.head = head
            return results
        }
        buffers.residual.rows.copy(to: &output, rows: rows.places.count)
        return []
    }

    /// Fills the residual stream: token rows on the first stage, the stage before's rows elsewhere.
    private func enter(_ rows: MicrobatchRows, input: Span<Float>) throws(DecoderError) {
        let residual = buffers.residual.rows
        guard let embedding = weights.embedding else {
            return residual.copy(from: input, rows: 0..<rows.places.count)
        }
        for (index, place) in rows.places.enumerated() {
            let token = Int(place.token)
            do throws(CheckpointError) {
                try residual.withRow(index) { values throws(CheckpointError) in
                    try embedding.dequantize(rows: token..<token + 1, into: values)
                }
            } catch {
                throw .checkpoint(error)
            }
        }
    }

    /// A microbatch comes over a wire: whatever would reach outside of a buffer is refused.
    private func check(_ microbatch: Microbatch, input: Span<Float>) throws(DecoderError) {
        for chunk in microbatch.chunks {
            guard !chunk.tokens.isEmpty else { throw .malformed("a chunk holds no tokens") }
            guard chunk.start >= 0, chunk.pages.count >= Page.count(for: chunk.end) else {
                throw .malformed("a chunk has fewer pages than positions")
            }
            guard chunk.pages.allSatisfy({ $0.rawValue < cache.pageCount }) else {
                throw .malformed("a chunk names a page that does not exist")
            }
            guard chunk.tokens.allSatisfy({ $0 < configuration.vocabularySize }) else {
                throw .malformed("a chunk holds a token that does not exist")
            }
            if let step = chunk.outputs.promptLogprobs {
                guard step.firstRow >= 0, step.firstRow + step.targets.count <= chunk.tokens.count,
                    step.targets.allSatisfy({ $0 < configuration.vocabularySize })
                else { throw .malformed("a chunk scores tokens that it does not hold") }
            }
        }
        let expected = microbatch.tokenCount * configuration.hiddenSize
        guard weights.embedding != nil || input.count >= expected else {
            throw .malformed("a microbatch comes with too few activations")
        }
    }
}

/// Why a stage cannot compute a microbatch.
package enum DecoderError: Error, CustomStringConvertible {
    case malformed(String)
    case checkpoint(CheckpointError)

    package var description: String {
        switch self {
        case .malformed(let reason): reason
        case .checkpoint(let error): error.description
        }
    }
}
