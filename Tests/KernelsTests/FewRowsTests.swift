import Testing

@testable import Kernels

/// Products of few rows give the bits of oneDNN's, whatever the weights are read from.
@Suite("products of few rows")
struct FewRowsTests {
    @Test(
        "they have the bits of oneDNN's products of dequantised weights",
        arguments: StoredFormat.all)
    func sameBits(_ format: StoredFormat) throws {
        // Where the CPU has no such kernels there is nothing to compare.
        guard let kernels = FewRowsKernels(instructionSet: .best) else { return }
        // Owns the products.
        let worker = Worker(index: 0, meeting: Meeting(workerCount: 1), instructionSet: .best)
        defer { withExtendedLifetime(worker) {} }
        for (depth, columns) in [(256, 16), (768, 100), (1536, 288), (4096, 40)] {
            let checkpoint = StoredMatrix(format, depth: depth, columns: columns)
            let plain = checkpoint.packed(.bfloat16)
            let compact = checkpoint.packed(.bfloat16, fewRows: kernels)
            try #require(compact.fewRows != nil, "no order found for depth \(depth)")
            let source = checkpoint.source(rows: 8, .bfloat16)
            let expected = worker.product(source.rows, by: plain, panel: 0, rows: 8)
            let bits = (0..<8).map { row in
                expected.withRow(row) { $0.map(\.bitPattern) }
            }
            #expect(compact.hasBlocksBesidePlain == (format.weights != nil))
            for (rows, blockRowsMax) in (1...8).flatMap({ [($0, 0), ($0, 8)] }) {
                worker.blockRowsMax = blockRowsMax
                let product = worker.product(
                    source.rows, by: compact, panel: 0, rows: rows)
                for row in 0..<rows {
                    #expect(
                        product.withRow(row) { $0.map(\.bitPattern) } == bits[row],
                        "\(depth) x \(columns), row \(row) of \(rows), up to \(blockRowsMax)")
                }
            }
        }
    }

    @Test("a panel whose columns are stored in several formats is one product")
    func mixedFormats() throws {
        guard let kernels = FewRowsKernels(instructionSet: .best) else { return }
        // Owns the products.
        let worker = Worker(index: 0, meeting: Meeting(workerCount: 1), instructionSet: .best)
        defer { withExtendedLifetime(worker) {} }
        let parts = [StoredFormat.all[6], StoredFormat.all[8], StoredFormat.all[6]].map {
            StoredMatrix($0, depth: 256, columns: 24)
        }
        let formats: [(columns: Range<Int>, format: WeightFormat)] = [
            (0..<24, .q4_K), (24..<48, .q6_K), (48..<72, .q4_K),
        ]
        func packed(_ kernels: FewRowsKernels?) -> PackedMatrix {
            PackedMatrix(
                type: .bfloat16, depth: 256, columns: 72, panelWidth: 72, fewRows: kernels,
                formats: { _ in formats },
                fill: { rows, memory in
                    for (index, part) in parts.enumerated() {
                        let own = rows.clamped(to: index * 24..<(index + 1) * 24)
                        guard !own.isEmpty else { continue }
                        part.write(
                            own.lowerBound - index * 24..<own.upperBound - index * 24, to: memory,
                            after: own.lowerBound - rows.lowerBound)
                    }
                })
        }
        let source = parts[0].source(rows: 1, .bfloat16)
        let expected = worker.product(source.rows, by: packed(nil), panel: 0, rows: 1)
        let bits = expected.withRow(0) { $0.map(\.bitPattern) }
        let product = worker.product(source.rows, by: packed(kernels), panel: 0, rows: 1)
        #expect(product.withRow(0) { $0.map(\.bitPattern) } == bits)
    }
}
