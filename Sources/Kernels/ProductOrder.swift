internal import Synchronization

/// In which order oneDNN adds up a bf16 product: the inputs in blocks of so many, each from zero,
/// and then the blocks. It does not say so, and it may change with its version and the CPU, so it
/// is found out: by trying which order gives the bits of its own product.
enum ProductOrder {
    private struct Shape: Hashable {
        var depth: Int
        var columns: Int
    }

    private static let known = Mutex<[Shape: Int?]>([:])
    /// Wider panels are tried as if they were as wide as this.
    private static let columnsMax = 1024

    /// Inputs that are summed on their own; nil if no order gives the same bits.
    static func depthBlock(_ kernels: FewRowsKernels, depth: Int, columns: Int) -> Int? {
        guard depth % 2 == 0 else { return nil }
        let shape = Shape(depth: depth, columns: min(columns, columnsMax))
        return known.withLock { known in
            if let block = known[shape] { return block }
            let block = Trial(shape).depthBlock(kernels)
            known[shape] = .some(block)
            return block
        }
    }

    /// A product of arbitrary numbers, of few rows and of many, which oneDNN need not add up alike.
    private struct Trial {
        private let source: RowBuffer
        private let matrix: PackedMatrix
        private static let rowCounts = [2, 128]
        /// Of each product, the last ones are compared.
        private static let comparedRows = 2

        init(_ shape: Shape) {
            let (depth, columns) = (shape.depth, shape.columns)
            var state: UInt32 = 1
            func next() -> UInt16 {
                state = state &* 1_664_525 &+ 1_013_904_223
                let value = Float(state >> 8) / Float(1 << 23) - 1
                return UInt16(truncatingIfNeeded: value.bitPattern >> 16)
            }
            let rows = Self.rowCounts.max() ?? 0
            source = RowBuffer(rows: rows, width: depth, type: .bfloat16)
            for row in 0..<rows {
                let numbers = source.rows[row].assumingMemoryBound(to: UInt16.self)
                for i in 0..<depth { numbers[i] = next() }
            }
            matrix = PackedMatrix(
                type: .bfloat16, depth: depth, columns: columns, panelWidth: columns
            ) { rows, to in
                guard case .bfloat16(let values) = to else { return }
                for i in 0..<rows.count * depth { values[i] = next() }
            }
        }

        func depthBlock(_ kernels: FewRowsKernels) -> Int? {
            guard case .bfloat16(let panel) = matrix.panels[0].weights, let weights = panel.plain
            else { return nil }
            let expected = Self.rowCounts.map(libraryProduct)
            let out = RowBuffer(rows: Self.comparedRows, width: matrix.columns, type: .float32)
            return [matrix.depth, 1024, 512, 256, 128, 64, 2048, 384, 768, 4096].first { block in
                zip(Self.rowCounts, expected).allSatisfy { rows, expected in
                    kernels.multiply(
                        source.rows.dropFirst(rows - Self.comparedRows), rows: Self.comparedRows,
                        by: weights, depthBlock: block, into: out.rows)
                    return bits(out.rows) == expected
                }
            }
        }

        /// The last rows of oneDNN's product.
        private func libraryProduct(rows: Int) -> [UInt32] {
            let worker = Worker(index: 0, meeting: Meeting(workerCount: 1), instructionSet: .best)
            let product = worker.product(source.rows, by: matrix, panel: 0, rows: rows)
            return withExtendedLifetime(worker) {
                bits(product.dropFirst(rows - Self.comparedRows))
            }
        }

        private func bits(_ product: Rows) -> [UInt32] {
            (0..<Self.comparedRows).flatMap { row in
                product.withRow(row) { $0.map(\.bitPattern) }
            }
        }
    }
}
