import Testing

@testable import Checkpoints
@testable import Kernels

/// Products of few rows give the bits of oneDNN's, whatever the weights are read from.
@Suite("products of few rows")
struct FewRowsTests {
    struct Format: Sendable, CustomStringConvertible {
        /// nil: plain bf16.
        var weights: WeightFormat?
        var element: ElementType

        var description: String { element.rawValue }

        static let all = [
            Format(weights: nil, element: .bf16), Format(weights: .q4_0, element: .q4_0),
            Format(weights: .q4_1, element: .q4_1), Format(weights: .q5_0, element: .q5_0),
            Format(weights: .q5_1, element: .q5_1), Format(weights: .q8_0, element: .q8_0),
            Format(weights: .q4_K, element: .q4_K), Format(weights: .q5_K, element: .q5_K),
            Format(weights: .q6_K, element: .q6_K),
        ]
    }

    @Test("they have the bits of oneDNN's products of dequantised weights", arguments: Format.all)
    func sameBits(_ format: Format) throws {
        // Where the CPU has no such kernels there is nothing to compare.
        guard let kernels = FewRowsKernels(instructionSet: .best) else { return }
        // Owns the products.
        let worker = Worker(index: 0, meeting: Meeting(workerCount: 1), rowQuantum: 1)
        defer { withExtendedLifetime(worker) {} }
        for (depth, columns) in [(256, 16), (768, 100), (1536, 288), (4096, 40)] {
            let checkpoint = StoredMatrix(format, depth: depth, columns: columns)
            let plain = checkpoint.packed(fewRows: nil)
            let compact = checkpoint.packed(fewRows: kernels)
            try #require(compact.fewRows != nil, "no order found for depth \(depth)")
            let source = checkpoint.source(rows: 8)
            let expected = worker.product(source.rows, by: plain, panel: 0, rows: 8)
            let bits = (0..<8).map { row in
                expected.withRow(row) { $0.map(\.bitPattern) }
            }
            for rows in 1...8 {
                let product = worker.product(
                    source.rows, by: compact, panel: 0, rows: rows)
                for row in 0..<rows {
                    #expect(
                        product.withRow(row) { $0.map(\.bitPattern) } == bits[row],
                        "\(depth) x \(columns), row \(row) of \(rows)")
                }
            }
        }
    }

    @Test("a panel whose columns are stored in several formats is one product")
    func mixedFormats() throws {
        guard let kernels = FewRowsKernels(instructionSet: .best) else { return }
        // Owns the products.
        let worker = Worker(index: 0, meeting: Meeting(workerCount: 1), rowQuantum: 1)
        defer { withExtendedLifetime(worker) {} }
        let parts = [Format.all[6], Format.all[8], Format.all[6]].map {
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
        let source = parts[0].source(rows: 1)
        let expected = worker.product(source.rows, by: packed(nil), panel: 0, rows: 1)
        let bits = expected.withRow(0) { $0.map(\.bitPattern) }
        let product = worker.product(source.rows, by: packed(kernels), panel: 0, rows: 1)
        #expect(product.withRow(0) { $0.map(\.bitPattern) } == bits)
    }
}

/// Arbitrary weights as a checkpoint stores them.
private struct StoredMatrix {
    private let format: FewRowsTests.Format
    private let depth: Int
    private let columns: Int
    private var bytes: [UInt8]

    private var rowBytes: Int {
        depth / format.element.valuesPerBlock * format.element.bytesPerBlock
    }

    init(_ format: FewRowsTests.Format, depth: Int, columns: Int) {
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

    func packed(fewRows: FewRowsKernels?) -> PackedMatrix {
        PackedMatrix(
            type: .bfloat16, depth: depth, columns: columns, panelWidth: columns,
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
            var plain = [Float](repeating: 0, count: rows.count * depth)
            Array(stored).withUnsafeBytes { source in
                plain.withUnsafeMutableBufferPointer { target in
                    guard let base = target.baseAddress else { return }
                    format.element.decode(source, into: base)
                }
            }
            for (i, value) in plain.enumerated() {
                values[skipped * depth + i] = roundToBFloat16(value)
            }
        case .float32: break
        }
    }

    func source(rows: Int) -> RowBuffer {
        let buffer = RowBuffer(rows: rows, width: depth, type: .bfloat16)
        for i in 0..<rows * depth {
            let mixed = UInt32(truncatingIfNeeded: i + 77) &* 2_654_435_761
            let value = Float(mixed >> 8) / Float(1 << 23) - 1
            buffer.rows.address.storeBytes(
                of: roundToBFloat16(value), toByteOffset: 2 * i, as: UInt16.self)
        }
        return buffer
    }
}
