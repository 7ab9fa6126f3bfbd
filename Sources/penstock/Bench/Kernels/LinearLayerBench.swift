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
        rows += roundedRows()
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

    /// With 8-bit weights and inputs (`--quantization w8a8_int8`), rounding the inputs included.
    private func roundedRows() -> [Row] {
        guard layer.canBeRounded, layer.depth <= Int8Matrix.depthMax,
            let kernels = Int8Kernels(instructionSet: bench.instructionSet)
        else { return [] }
        let matrix = LinearWeights.int8(
            .arbitrary(
                depth: layer.depth, columns: layer.columns, panelWidth: layer.panelWidth,
                kernels: kernels, seed: 1))
        let memory = (0..<bench.pool.threadCount).map { _ in
            Int8Rows(rows: WorkSplit.blockRowsMax, widthMax: layer.depth)
        }
        return bench.sizes.rowCounts.filter { $0 >= Self.manyRows }.map { rowCount in
            let source = RowBuffer.arbitrary(
                rows: rowCount, width: layer.depth, type: bench.kernels.activationType)
            let split = WorkSplit(rowCount: rowCount, workerCount: bench.pool.threadCount)
            var row = bench.row(
                layer.name, "M \(rowCount), \(layer.depth) → \(layer.columns), w8a8_int8",
                amount: operations(rowCount), of: .int8Product
            ) { worker, _ in
                split.forEachPortion(ofRows: rowCount, worker) { portion in
                    let rows = portion.rows
                    let input = LinearInput(
                        source.rows.dropFirst(rows.lowerBound), rows: rows.count, for: matrix,
                        memory: memory[worker.index])
                    for panel in portion.panels(of: matrix.panelCount) {
                        _ = worker.product(input, by: matrix, panel: panel, rows: rows.count)
                    }
                }
            }
            row.rows = rowCount
            row.weights = "w8a8_int8"
            return row
        }
    }

    private func operations(_ rowCount: Int) -> Double {
        2 * Double(rowCount) * Double(layer.depth) * Double(layer.columns)
    }

    private func row(_ matrices: [PackedMatrix], _ rowCount: Int, weights: String) -> Row {
        let source = RowBuffer.arbitrary(
            rows: rowCount, width: layer.depth, type: bench.kernels.activationType)
        let split = WorkSplit(rowCount: rowCount, workerCount: bench.pool.threadCount)
        let isMany = rowCount >= Self.manyRows
        let detail = "M \(rowCount), \(layer.depth) → \(layer.columns), \(weights)"
        var row = bench.row(
            layer.name, detail,
            amount: isMany ? operations(rowCount) : Double(matrices[0].fewRowsByteCount),
            of: isMany ? bench.productLimit : .bandwidth
        ) { worker, call in
            let matrix = matrices[call % matrices.count]
            split.forEachPortion(ofRows: rowCount, worker) { portion in
                for panel in portion.panels(of: matrix.panelCount) {
                    _ = worker.product(
                        source.rows.dropFirst(portion.rows.lowerBound), by: matrix, panel: panel,
                        rows: portion.rows.count)
                }
            }
        }
        row.rows = rowCount
        row.weights = weights
        return row
    }
}
