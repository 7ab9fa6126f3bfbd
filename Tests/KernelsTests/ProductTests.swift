import Testing

@testable import Kernels

/// What "one arithmetic" takes for granted of oneDNN and of the pool.
@Suite("matrix products")
struct ProductTests {
    /// Depth and columns of products as models have them.
    static let shapes = [(64, 96), (576, 288), (576, 512), (1536, 288), (2048, 192)]

    /// A packed matrix of small numbers that f32 adds in any order only with rounding.
    private func matrix(_ type: ComputeType, depth: Int, columns: Int) -> PackedMatrix {
        PackedMatrix(type: type, depth: depth, columns: columns, panelWidth: columns) { rows, to in
            for row in rows {
                for i in 0..<depth {
                    let value = Self.value(row * depth + i) * 0.1
                    let index = (row - rows.lowerBound) * depth + i
                    switch to {
                    case .bfloat16(let values): values[index] = Self.bits(value)
                    case .float32(let values): values[index] = value
                    case .blocks: break
                    }
                }
            }
        }
    }

    private static func value(_ index: Int) -> Float {
        let mixed = UInt32(truncatingIfNeeded: index) &* 2_654_435_761
        return Float(mixed >> 8) / Float(1 << 23) - 1
    }

    private static func bits(_ value: Float) -> UInt16 {
        UInt16(truncatingIfNeeded: value.bitPattern >> 16)
    }

    private func source(_ type: ComputeType, rows: Int, depth: Int) -> Rows {
        let buffer = RowBuffer(rows: rows, width: depth, type: type)
        for i in 0..<rows * depth {
            switch type {
            case .bfloat16:
                buffer.rows.address.storeBytes(
                    of: Self.bits(Self.value(i + 77)), toByteOffset: 2 * i, as: UInt16.self)
            case .float32:
                buffer.rows.address.storeBytes(
                    of: Self.value(i + 77), toByteOffset: 4 * i, as: Float.self)
            }
        }
        kept.append(buffer)
        return buffer.rows
    }

    /// Views do not keep their buffers.
    private let kept = Kept()

    private final class Kept {
        private var buffers: [RowBuffer] = []

        func append(_ buffer: RowBuffer) {
            buffers.append(buffer)
        }
    }

    @Test("a row's product is the same to the bit in any company", arguments: shapes)
    func rowsAreIndependent(depth: Int, columns: Int) {
        let best = InstructionSet.best
        let types: [ComputeType] = best == .avx512BF16 ? [.bfloat16, .float32] : [.float32]
        for type in types {
            let matrix = matrix(type, depth: depth, columns: columns)
            let worker = Worker(
                index: 0, meeting: Meeting(workerCount: 1), instructionSet: best)
            let source = source(type, rows: 136, depth: depth)
            let all = rows(of: worker.product(source, by: matrix, panel: 0, rows: 128), 128)
            for count in [1, 2, 3, 5, 8, 13, 31, 33, 63, 64, 65, 127] {
                for first in [0, min(7, 128 - count), 128 - count] {
                    let product = worker.product(
                        source.dropFirst(first), by: matrix, panel: 0, rows: count)
                    #expect(
                        rows(of: product, count) == Array(all[first..<first + count]),
                        "\(type), \(count) rows from \(first)")
                }
            }
        }
    }

    @Test("a product is what the definition says")
    func definition() {
        let (depth, columns) = (64, 96)
        let matrix = matrix(.float32, depth: depth, columns: columns)
        let worker = Worker(
            index: 0, meeting: Meeting(workerCount: 1),
            instructionSet: .best)
        let source = source(.float32, rows: 12, depth: depth)
        let product = rows(of: worker.product(source, by: matrix, panel: 0, rows: 3), 3)
        for row in 0..<3 {
            for column in 0..<columns {
                let expected = (0..<depth).reduce(0.0) { sum, i in
                    sum + Double(Self.value(row * depth + i + 77))
                        * Double(Self.value(column * depth + i) * 0.1)
                }
                #expect(abs(Double(product[row][column]) - expected) < 1e-4)
            }
        }
    }

    private func rows(of matrix: Rows, _ count: Int) -> [[Float]] {
        (0..<count).map { row in matrix.withRow(row) { Array($0) } }
    }
}
