import Kernels
import PipelineTypes

/// Measures what treats rows number by number, on a block of rows of each thread, in its cache: by
/// the bytes of activations, keys and values that are read and written.
struct ElementwiseBench {
    let bench: KernelBench

    private typealias Row = KernelReport.KernelRow

    private static let rowCount = 64
    private static let floatByteCount = 4

    func rows() -> [KernelReport.KernelRow] {
        [normalize(), siluMultiply(), rotate(), add()]
    }

    private func normalize() -> Row {
        let width = bench.model.hiddenSize
        let weight = [Float](repeating: 1, count: width)
        return row("rms norm", width: width, inputs: width, activations: width) { source, out in
            bench.kernels.normalize(
                source, rows: 0..<Self.rowCount, weight: weight, epsilon: 1e-5, into: out)
        }
    }

    private func siluMultiply() -> Row {
        let width = bench.model.feedForwardSize
        return row("silu and multiply", width: width, inputs: 2 * width, activations: width) {
            source, out in
            bench.kernels.siluMultiply(
                gate: source.columns(0..<width), up: source.columns(width..<2 * width),
                rows: Self.rowCount, into: out)
        }
    }

    private func add() -> Row {
        let width = bench.model.hiddenSize
        // Half of the inputs are written again.
        return row("add", width: width, inputs: 2 * width, activations: 0, outputs: width) {
            source, _ in
            bench.kernels.add(
                source.columns(0..<width), rows: Self.rowCount,
                to: source.columns(width..<2 * width))
        }
    }

    private func rotate() -> Row {
        let heads = bench.model.heads
        let (rowCount, type) = (Self.rowCount, bench.kernels.activationType)
        let own = (0..<bench.pool.threadCount).map { _ in
            (
                pages: ArbitraryPages(
                    heads: heads.kvHeads, positions: Page.size, headSize: heads.headSize,
                    type: bench.kernels.cacheType),
                queries: RowBuffer(
                    rows: heads.kvHeads * rowCount, width: heads.group * heads.headSize, type: type)
            )
        }
        let angles = RowBuffer.arbitrary(rows: rowCount, width: heads.headSize, type: .float32)
        let queryCount = heads.heads * heads.headSize
        let cachedByteCount =
            heads.kvHeads * bench.kernels.cacheType.byteCount(headSize: heads.headSize)
        return row(
            "rotate", width: heads.qkvSize, inputs: heads.qkvSize, activations: queryCount,
            otherByteCount: cachedByteCount
        ) { worker, source, _ in
            let own = own[worker.index]
            let queries = (0..<heads.kvHeads).map { own.queries.rows.dropFirst($0 * rowCount) }
            for row in 0..<rowCount {
                own.pages.rotate(
                    with: bench.kernels, qkv: source, row: row, angles: angles.rows,
                    queries: queries, shape: heads, position: row % Page.size)
            }
        }
    }

    private func row(
        _ kernel: String, width: Int, inputs: Int, activations: Int, outputs: Int = 0,
        _ body: (_ source: Rows, _ out: Rows) -> Void
    ) -> Row {
        row(
            kernel, width: width, inputs: inputs, activations: activations,
            otherByteCount: outputs * Self.floatByteCount
        ) { _, source, out in body(source, out) }
    }

    /// - Parameters:
    ///   - inputs: f32 numbers of a row that are read.
    ///   - activations: numbers of a row that are written.
    ///   - otherByteCount: what else is written for each row.
    private func row(
        _ kernel: String, width: Int, inputs: Int, activations: Int, otherByteCount: Int,
        _ body: (_ worker: Worker, _ source: Rows, _ out: Rows) -> Void
    ) -> Row {
        let (rowCount, type) = (Self.rowCount, bench.kernels.activationType)
        let own = (0..<bench.pool.threadCount).map { _ in
            (
                source: RowBuffer.arbitrary(rows: rowCount, width: inputs, type: .float32),
                out: RowBuffer(rows: rowCount, width: activations, type: type)
            )
        }
        let seconds = bench.secondsPerCall { worker, _ in
            body(worker, own[worker.index].source.rows, own[worker.index].out.rows)
        }
        let rowByteCount =
            inputs * Self.floatByteCount + activations * type.byteCount + otherByteCount
        let byteCount = Double(rowByteCount * rowCount * bench.pool.threadCount)
        return Row(
            kernel: kernel, detail: "\(rowCount) rows of \(width)", rows: rowCount,
            rate: byteCount / seconds / 1e9, unit: .gigabytes)
    }
}
