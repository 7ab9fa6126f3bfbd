import Kernels
import PipelineTypes

/// The last stage's end: final norm, projection to the vocabulary, and what chunks ask of it.
struct OutputHead {
    /// A row of the residual stream whose logits are wanted.
    private struct ScoredRow {
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
    /// The same until the first prompt is scored: enough for most decode steps.
    private static let smallBatchRows = 8

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
        let scoredRows = Self.scoredRows(microbatch, rows)
        for first in stride(from: 0, to: scoredRows.count, by: Self.batchRows) {
            let batch = scoredRows[first..<min(first + Self.batchRows, scoredRows.count)]
            let scored = score(Array(batch), microbatch, residual: residual, pool: pool)
            for (row, token) in zip(batch, scored) {
                guard let token else {
                    results[row.chunk].isFinite = false
                    continue
                }
                if row.target == nil {
                    results[row.chunk].sampled = token
                } else {
                    results[row.chunk].promptLogprobs.append(token)
                }
            }
        }
        return results
    }

    /// All rows whose logits are wanted, chunk by chunk.
    private static func scoredRows(
        _ microbatch: Microbatch, _ rows: MicrobatchRows
    ) -> [ScoredRow] {
        var scoredRows: [ScoredRow] = []
        for (index, chunk) in microbatch.chunks.enumerated() {
            let first = rows.firstRows[index]
            if let step = chunk.outputs.promptLogprobs {
                for (offset, target) in step.targets.enumerated() {
                    scoredRows.append(
                        ScoredRow(
                            chunk: index, row: first + step.firstRow + offset, target: target))
                }
            }
            if chunk.outputs.sampling != nil {
                scoredRows.append(ScoredRow(chunk: index, row: first + chunk.tokens.count - 1))
            }
        }
        return scoredRows
    }

    private mutating func score(
        _ scoredRows: [ScoredRow], _ microbatch: Microbatch, residual: Rows, pool: ThreadPool
    ) -> [ScoredToken?] {
        let isSmall = scoredRows.count <= Self.smallBatchRows
        logits.reserve(rows: isSmall ? Self.smallBatchRows : Self.batchRows)
        let logits = logits.rows
        let kernels = kernels
        let scored = Slots<ScoredToken?>(count: scoredRows.count)
        pool.run { worker in
            if worker.index == 0 { normalize(scoredRows, residual) }
            worker.barrier()
            for panel in worker.share(of: weights.output.panelCount) {
                let product = worker.product(
                    normed.rows, by: weights.output, panel: panel, rows: scoredRows.count)
                logits.columns(weights.output.columns(ofPanel: panel))
                    .copy(from: product, rows: scoredRows.count)
            }
            worker.barrier()
            for index in worker.share(of: scoredRows.count) {
                let scoredRow = scoredRows[index]
                let chunk = microbatch.chunks[scoredRow.chunk]
                let row = LogitRow(logits: logits, row: index, kernels: kernels)
                if let target = scoredRow.target {
                    scored[index] = row.score(target, chunk.outputs.promptLogprobs?.selection)
                } else if let step = chunk.outputs.sampling {
                    scored[index] = row.sample(step, position: chunk.end)
                }
            }
        }
        return scored.values
    }

    private func normalize(_ scoredRows: [ScoredRow], _ residual: Rows) {
        for (index, scoredRow) in scoredRows.enumerated() {
            kernels.normalize(
                residual, rows: scoredRow.row..<scoredRow.row + 1, weight: weights.norm,
                epsilon: epsilon, into: normed.rows.dropFirst(index))
        }
    }
}
