@testable import Checkpoints
@testable import Kernels

/// How a checkpoint stores weights.
struct StoredFormat: Sendable, CustomStringConvertible {
    /// nil: plain numbers.
    var weights: WeightFormat?
    var element: ElementType

    var description: String { element.rawValue }

    static let all = [
        StoredFormat(weights: nil, element: .bf16), StoredFormat(weights: .q4_0, element: .q4_0),
        StoredFormat(weights: .q4_1, element: .q4_1), StoredFormat(weights: .q5_0, element: .q5_0),
        StoredFormat(weights: .q5_1, element: .q5_1), StoredFormat(weights: .q8_0, element: .q8_0),
        StoredFormat(weights: .q4_K, element: .q4_K), StoredFormat(weights: .q5_K, element: .q5_K),
        StoredFormat(weights: .q6_K, element: .q6_K),
    ]
}

/// Arbitrary weights as a checkpoint stores them.
struct StoredMatrix {
    private let format: StoredFormat
    private let depth: Int
    private let columns: Int
    private var bytes: [UInt8]

    private var rowBytes: Int {
        depth / format.element.valuesPerBlock * format.element.bytesPerBlock
    }

    init(_ format: StoredFormat, depth: Int, columns: Int) {
        self.format = format
        self.depth = depth
        self.columns = columns
        var state: UInt32 = UInt32(depth + columns)
        func next() -> UInt32 {
            state = state &* 1_664_525 &+ 1_013_904_223
            return state >> 8
        }
        bytes = (0..<depth / format.element.valuesPerBlock * format.element.bytesPerBlock * columns)
            .map { _ in UInt8(truncatingIfNeeded: next()) }
        // Scales are arbitrary halves, but neither infinite nor large.
        let halves: [Int] =
            switch format.element {
            case .q4_0, .q5_0, .q8_0: [0]
            case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
            case .q6_K: [208]
            default: []
            }
        for block in stride(from: 0, to: bytes.count, by: format.element.bytesPerBlock) {
            for half in halves {
                bytes[block + half + 1] = bytes[block + half + 1] & 0x83 | 0x24
            }
        }
        if format.weights == nil {
            for i in stride(from: 1, to: bytes.count, by: 2) { bytes[i] = bytes[i] & 0x80 | 0x3d }
        }
    }

    func packed(_ type: ComputeType, fewRows: FewRowsKernels? = nil) -> PackedMatrix {
        PackedMatrix(
            type: type, depth: depth, columns: columns, panelWidth: columns,
            fewRows: fewRows,
            formats: { rows in format.weights.map { [(columns: rows, format: $0)] } },
            fill: { rows, memory in write(rows, to: memory, after: 0) })
    }

    func write(_ rows: Range<Int>, to memory: PackedMatrix.UnpackedWeights, after skipped: Int) {
        let stored = bytes[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]
        switch memory {
        case .blocks(let blocks):
            for (i, byte) in stored.enumerated() { blocks[skipped * rowBytes + i] = byte }
        case .bfloat16(let values):
            for (i, value) in numbers(Array(stored)).enumerated() {
                values[skipped * depth + i] = roundToBFloat16(value)
            }
        case .float32(let values):
            for (i, value) in numbers(Array(stored)).enumerated() {
                values[skipped * depth + i] = value
            }
        }
    }

    /// The weights of one column.
    func column(_ column: Int) -> [Float] {
        numbers(Array(bytes[column * rowBytes..<(column + 1) * rowBytes]))
    }

    private func numbers(_ stored: [UInt8]) -> [Float] {
        var numbers = [Float](repeating: 0, count: stored.count / rowBytes * depth)
        stored.withUnsafeBytes { source in
            numbers.withUnsafeMutableBufferPointer { target in
                guard let base = target.baseAddress else { return }
                format.element.decode(source, into: base)
            }
        }
        return numbers
    }

    /// Arbitrary activations.
    func source(rows: Int, _ type: ComputeType) -> RowBuffer {
        let buffer = RowBuffer(rows: rows, width: depth, type: type)
        for i in 0..<rows * depth {
            let mixed = UInt32(truncatingIfNeeded: i + 77) &* 2_654_435_761
            let value = Float(mixed >> 8) / Float(1 << 23) - 1
            switch type {
            case .bfloat16:
                buffer.rows.address.storeBytes(
                    of: roundToBFloat16(value), toByteOffset: 2 * i, as: UInt16.self)
            case .float32:
                buffer.rows.address.storeBytes(of: value, toByteOffset: 4 * i, as: Float.self)
            }
        }
        return buffer
    }
}
