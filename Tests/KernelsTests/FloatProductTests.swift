import Testing

@testable import Checkpoints
@testable import Kernels

/// Products of f32 are sums in the order of the inputs, on every instruction set, for any number
/// of rows and however weights are stored.
@Suite("products of f32")
struct FloatProductTests {
    struct Case: Sendable, CustomStringConvertible {
        var instructionSet: InstructionSet
        var format: StoredFormat

        var description: String { "\(instructionSet.rawValue), \(format)" }

        static let all = InstructionSet.allCases.filter { $0 <= .best }.flatMap { set in
            StoredFormat.all.map { Case(instructionSet: set, format: $0) }
        }
    }

    /// Depth and columns; some with units and vectors of columns that are not full.
    private static let shapes = [(256, 16), (768, 100), (1536, 41)]

    @Test("every number has the bits of its definition", arguments: Case.all)
    func definition(_ test: Case) {
        let worker = Worker(
            index: 0, meeting: Meeting(workerCount: 1), instructionSet: test.instructionSet)
        defer { withExtendedLifetime(worker) {} }
        for (depth, columns) in Self.shapes {
            let checkpoint = StoredMatrix(test.format, depth: depth, columns: columns)
            let matrix = checkpoint.packed(.float32)
            #expect(!matrix.hasBlocksBesidePlain)
            let source = checkpoint.source(rows: 64, .float32)
            let expected = Self.definition(
                source.rows, checkpoint, columns: columns, fused: test.instructionSet > .scalar)
            for rows in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 64] {
                let product = worker.product(source.rows, by: matrix, panel: 0, rows: rows)
                for row in 0..<rows {
                    #expect(
                        product.withRow(row) { $0.map(\.bitPattern) } == expected[row],
                        "\(depth) x \(columns), row \(row) of \(rows)")
                }
            }
        }
    }

    /// The bits of each row's sums.
    private static func definition(
        _ source: Rows, _ checkpoint: StoredMatrix, columns: Int, fused: Bool
    ) -> [[UInt32]] {
        let weights = (0..<columns).map { checkpoint.column($0) }
        return (0..<source.count).map { row in
            source.withRow(row) { x in
                weights.map { column in
                    var sum: Float = 0
                    for (x, weight) in zip(x, column) {
                        if fused { sum.addProduct(x, weight) } else { sum += x * weight }
                    }
                    return sum.bitPattern
                }
            }
        }
    }

    @Test("plain weights of any depth are read as they are")
    func plainDepths() {
        let format = StoredFormat(weights: nil, element: .f32)
        let worker = Worker(
            index: 0, meeting: Meeting(workerCount: 1), instructionSet: .best)
        defer { withExtendedLifetime(worker) {} }
        for depth in [1, 7, 300] {
            let checkpoint = StoredMatrix(format, depth: depth, columns: 33)
            let source = checkpoint.source(rows: 7, .float32)
            let expected = Self.definition(
                source.rows, checkpoint, columns: 33, fused: InstructionSet.best > .scalar)
            let product = worker.product(
                source.rows, by: checkpoint.packed(.float32), panel: 0, rows: 7)
            for row in 0..<7 {
                #expect(product.withRow(row) { $0.map(\.bitPattern) } == expected[row])
            }
        }
    }
}
