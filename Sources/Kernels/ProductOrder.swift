internal import Synchronization

/// In which order oneDNN adds up a bf16 product: the inputs in blocks of so many, each from zero,
/// and then the blocks. It does not say so, and it may change with its version and the CPU, so it
/// is found out: by trying which order gives the bits of its own product.
enum ProductOrder {
    private static let known = Mutex<[Int: Int?]>([:])

    /// Inputs that are summed on their own; nil if no order gives the same bits.
    static func depthBlock(_ kernels: FewRowsKernels, depth: Int) -> Int? {
        guard depth % 2 == 0 else { return nil }
        return known.withLock { known in
            if let block = known[depth] { return block }
            let block = Trial(depth: depth).depthBlock(kernels)
            known[depth] = .some(block)
            return block
        }
    }

    /// A product of arbitrary numbers.
    private struct Trial {
        private let source: RowBuffer
        private let matrix: PackedMatrix
        private static let columns = 64

        init(depth: Int) {
            var state: UInt32 = 1
            func next() -> UInt16 {
                state = state &* 1_664_525 &+ 1_013_904_223
                let value = Float(state >> 8) / Float(1 << 23) - 1
                return UInt16(truncatingIfNeeded: value.bitPattern >> 16)
            }
            source = RowBuffer(rows: 2, width: depth, type: .bfloat16)
            for row in 0..<2 {
                let numbers = source.rows[row].assumingMemoryBound(to: UInt16.self)
                for i in 0..<depth { numbers[i] = next() }
            }
            matrix = PackedMatrix(
                type: .bfloat16, depth: depth, columns: Self.columns, panelWidth: Self.columns
            ) { rows, to in
                guard case .bfloat16(let values) = to else { return }
                for i in 0..<rows.count * depth { values[i] = next() }
            }
        }

        func depthBlock(_ kernels: FewRowsKernels) -> Int? {
            let worker = Worker(index: 0, meeting: Meeting(workerCount: 1), instructionSet: .best)
            let product = worker.product(source.rows, by: matrix, panel: 0, rows: 2)
            let expected = withExtendedLifetime(worker) { bits(product) }
            let out = RowBuffer(rows: 2, width: Self.columns, type: .float32)
            guard case .bfloat16(let panel) = matrix.panels[0].weights, let weights = panel.plain
            else { return nil }
            let depth = source.rows.width
            return [depth, 1024, 512, 256, 128, 64, 2048, 384, 768, 4096].first { block in
                kernels.multiply(
                    source.rows, rows: 2, by: weights, depthBlock: block, into: out.rows)
                return bits(out.rows) == expected
            }
        }

        private func bits(_ product: Rows) -> [UInt32] {
            (0..<2).flatMap { row in
                product.withRow(row) { $0.map(\.bitPattern) }
            }
        }
    }
}
