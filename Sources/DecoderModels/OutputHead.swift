import Kernels
import PipelineTypes

/// The last stage's end: final norm, projection to the vocabulary, and what chunks ask of it.
struct OutputHead {
    /// A row of the residual stream whose logits are wanted.
    private struct Query {
        var chunk: Int
        var row: Int
        /// The known next token, to be scored; nil samples one.
        var target: TokenID?
    }

    private let weights: StageWeights.Head
    private let kernels: LayerKernels
    private let epsilon: Float
    private let normed: RowBuffer
    private var logits: RowBuffer

    /// Rows whose logits are in memory at one time.
    private static let batchRows = 48

    init(_ weights: StageWeights.Head, kernels: LayerKernels, epsilon: Float) {
        self.weights = weights
        self.kernels = kernels
        self.epsilon = epsilon
        normed = RowBuffer(
            rows: Self.batchRows, width: weights.norm.count, type: kernels.activationType)
        logits = RowBuffer(rows: 0, width: weights.output.columns, type: .float32)
    }

    /// Bytes of scratch memory, at most.
    var byteCount: Int {
        normed.byteCount + Self.batchRows * logits.rowByteCount
    }

    /// One result for each chunk.
    mutating func results(
        _ microbatch: Microbatch, rows: MicrobatchRows, residual: Rows, pool: ThreadPool
    ) -> [ChunkResult] {
        var results = microbatch.chunks.map { ChunkResult(request: $0.request, sampled: nil) }
        let queries = Self.queries(microbatch, rows)
        for first in stride(from: 0, to: queries.count, by: Self.batchRows) {
            let batch = queries[first..<min(first + Self.batchRows, queries.count)]
            let scored = score(Array(batch), microbatch, residual: residual, pool: pool)
            for (query, token) in zip(batch, scored) {
                if query.target == nil {
                    results[query.chunk].sampled = token
                } else {
                    results[query.chunk].promptLogprobs.append(token)
                }
            }
        }
        return results
    }

    /// All rows whose logits are wanted, chunk by chunk.
    private static func queries(_ microbatch: Microbatch, _ rows: MicrobatchRows) -> [Query] {
        var queries: [Query] = []
        for (index, chunk) in microbatch.chunks.enumerated() {
            let first = rows.firstRows[index]
            if let step = chunk.outputs.promptLogprobs {
                for (offset, target) in step.targets.enumerated() {
                    queries.append(
                        Query(chunk: index, row: first + step.firstRow + offset, target: target))
                }
            }
            if chunk.outputs.sampling != nil {
                queries.append(Query(chunk: index, row: first + chunk.tokens.count - 1))
            }
        }
        return queries
    }

    private mutating func score(
        _ queries: [Query], _ microbatch: Microbatch, residual: Rows, pool: ThreadPool
    ) -> [ScoredToken] {
        // Room for any batch from the first prompt that is scored; a decode step needs less.
        logits.reserve(rows: queries.count > 8 ? Self.batchRows : 8)
        let logits = logits.rows
        let kernels = kernels
        let scored = Slots<ScoredToken>(count: queries.count)
        pool.run { worker in
            if worker.index == 0 { normalize(queries, residual) }
            worker.barrier()
            for panel in worker.share(of: weights.output.panelCount) {
                let product = worker.product(
                    normed.rows, by: weights.output, panel: panel, rows: queries.count)
                logits.columns(weights.output.columns(ofPanel: panel))
                    .copy(from: product, rows: queries.count)
            }
            worker.barrier()
            for index in worker.share(of: queries.count) {
                let query = queries[index]
                let chunk = microbatch.chunks[query.chunk]
                let row = LogitRow(logits: logits, row: index, kernels: kernels)
                if let target = query.target {
                    scored[index] = row.score(target, chunk.outputs.promptLogprobs?.selection)
                } else if let step = chunk.outputs.sampling {
                    scored[index] = row.sample(step, position: chunk.end)
                }
            }
        }
        return scored.values
    }

    private func normalize(_ queries: [Query], _ residual: Rows) {
        for (index, query) in queries.enumerated() {
            kernels.normalize(
                residual, rows: query.row..<query.row + 1, weight: weights.norm,
                epsilon: epsilon, into: normed.rows.dropFirst(index))
        }
    }
}
