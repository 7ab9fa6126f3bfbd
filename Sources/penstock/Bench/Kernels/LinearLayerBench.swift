import DecoderModels
import Kernels

/// Measures a linear layer's products: of few rows by the bytes of weights that they read, of many
/// by their operations.
struct LinearLayerBench {
    let bench: KernelBench
    let layer: MeasuredModel.LinearLayer

    private typealias Row = KernelReport.KernelRow

    /// From so many rows on, arithmetic takes longer than memory.
    private static let manyRows = 64

    func rows() -> [KernelReport.KernelRow] {
        var rows: [Row] = []
        let plain = matrices(format: nil)
        for rowCount in bench.sizes.rowCounts {
            rows.append(row(plain, rowCount, weights: "\(bench.kernels.activationType)"))
        }
        let isFloat = bench.kernels.activationType == .float32
        guard let format = layer.format, isFloat || bench.kernels.fewRows != nil else {
            return rows
        }
        let stored = matrices(format: format)
        for rowCount in bench.sizes.rowCounts where isFloat || rowCount < Self.manyRows {
            rows.append(row(stored, rowCount, weights: "\(format)"))
        }
        return rows
    }

    /// So many that each has left the caches by the time it is used again.
    private func matrices(format: WeightFormat?) -> [PackedMatrix] {
        let type = bench.kernels.activationType
        let inputByteCount = format?.byteCount(depth: layer.depth) ?? layer.depth * type.byteCount
        let byteCount = inputByteCount * layer.columns
        let count = (bench.sizes.uncachedByteCount + byteCount - 1) / byteCount
        let matrices = Slots<PackedMatrix>(count: count)
        bench.pool.run { worker in
            worker.forEachTask(count) { index in
                matrices[index] = .arbitrary(
                    type: type, depth: layer.depth, columns: layer.columns,
                    panelWidth: layer.panelWidth, fewRows: bench.kernels.fewRows, format: format,
                    seed: UInt32(truncatingIfNeeded: index))
            }
        }
        return matrices.values
    }

    private func row(_ matrices: [PackedMatrix], _ rowCount: Int, weights: String) -> Row {
        let source = RowBuffer.arbitrary(
            rows: rowCount, width: layer.depth, type: bench.kernels.activationType)
        let split = WorkSplit(rowCount: rowCount, workerCount: bench.pool.threadCount)
        let isMany = rowCount >= Self.manyRows
        let operations = 2 * Double(rowCount) * Double(layer.depth) * Double(layer.columns)
        let detail = "M \(rowCount), \(layer.depth) → \(layer.columns), \(weights)"
        var row = bench.row(
            layer.name, detail,
            amount: isMany ? operations : Double(matrices[0].fewRowsByteCount),
            of: isMany ? bench.productLimit : .bandwidth
        ) { worker, call in
            Self.multiply(
                source.rows, rowCount, by: matrices[call % matrices.count], split, worker)
        }
        row.rows = rowCount
        row.weights = weights
        return row
    }

    /// As a stage shares out the rows or the columns of a microbatch's products.
    private static func multiply(
        _ source: Rows, _ rowCount: Int, by matrix: PackedMatrix, _ split: WorkSplit,
        _ worker: Worker
    ) {
        switch split {
        case .columns:
            for panel in worker.share(of: matrix.panelCount) {
                _ = worker.product(source, by: matrix, panel: panel, rows: rowCount)
            }
            worker.barrier()
        case .rows(let blockSize):
            worker.forEachTask((rowCount + blockSize - 1) / blockSize) { block in
                let first = block * blockSize
                let rows = min(blockSize, rowCount - first)
                for panel in 0..<matrix.panelCount {
                    _ = worker.product(
                        source.dropFirst(first), by: matrix, panel: panel, rows: rows)
                }
            }
        }
    }
}
