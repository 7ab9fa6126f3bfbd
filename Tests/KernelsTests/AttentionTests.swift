import Glibc
import PipelineTypes
import Testing

@testable import Kernels

/// Attention over packed pages against its definition, and the bits that must not depend on how
/// it is cut.
@Suite("attention")
struct AttentionTests {
    struct Case: Sendable, CustomStringConvertible {
        var instructionSet: InstructionSet
        var type: ComputeType
        var cacheType: KVCacheType
        var headSize: Int

        var description: String {
            "\(instructionSet.rawValue), \(type), \(cacheType) cache, head size \(headSize)"
        }

        /// Every table of kernels.
        static let all = InstructionSet.allCases.filter { $0 <= .best }.flatMap { set in
            types.filter { set == .avx512BF16 || $0 != (.bfloat16, .bfloat16) }
                .flatMap { type, cacheType in
                    [32, 64, 80, 128, 256].map {
                        Case(
                            instructionSet: set, type: type, cacheType: cacheType, headSize: $0)
                    }
                }
        }

        private static let types: [(ComputeType, KVCacheType)] = [
            (.bfloat16, .bfloat16), (.bfloat16, .int8), (.float32, .float32), (.float32, .bfloat16),
            (.float32, .int8),
        ]
    }

    @Test("attention is what the definition says", arguments: Case.all)
    func definition(_ test: Case) throws {
        let fixture = try AttentionFixture(test, group: 3, positions: 1400)
        // A whole page's worth, the edge of a segment, and a decode step.
        for (position, tokens) in [(0, 7), (60, 11), (1020, 9), (1399, 1)] {
            let out = fixture.attend(position: position, tokens: tokens)
            for token in [0, tokens - 1] {
                let expected = fixture.definition(position: position + token)
                let error = zip(out[token], expected).map { abs(Double($0) - $1) }.max() ?? 0
                #expect(error < fixture.tolerance, "\(position) \(token)")
            }
        }
    }

    @Test(
        "a token's bits do not depend on its company or on who computes which keys",
        arguments: Case.all)
    func sameBits(_ test: Case) throws {
        let fixture = try AttentionFixture(test, group: 3, positions: 2200)
        for position in [5, 64, 1023, 1024, 2100] {
            let alone = fixture.attend(position: position, tokens: 1)[0]
            let first = max(0, position - 17)
            let together = fixture.attend(position: first, tokens: 32)
            #expect(together[position - first] == alone, "position \(position)")
            #expect(fixture.attendBySegments(position: position) == alone, "\(position)")
        }
    }

    @Test("scores that rise by hundreds from key to key end in the last value")
    func risingScores() throws {
        let test = Case(
            instructionSet: .best, type: .float32, cacheType: .float32, headSize: 64)
        let fixture = try AttentionFixture(test, group: 1, positions: 1300, keyScale: 4000)
        let out = fixture.attend(position: 1299, tokens: 1)[0]
        let expected = fixture.definition(position: 1299)
        #expect(zip(out, expected).allSatisfy { abs(Double($0) - $1) < 1e-3 })
    }
}

/// What a page of 8-bit keys and values says, by the layout that `pk_attention` describes.
struct QuantizedPage {
    private let page: UnsafeMutablePointer<UInt8>
    private let headSize: Int

    init(_ page: UnsafeMutablePointer<UInt8>, headSize: Int) {
        self.page = page
        self.headSize = headSize
    }

    private var valueHalf: UnsafeMutablePointer<UInt8> {
        page + Page.size * (headSize + 2)
    }

    func key(slot: Int) -> [Float] {
        (0..<headSize).map { i in
            Float(quantum(page, at: i / 2 * Page.size * 2 + slot * 2 + i % 2)) * keyScale(slot)
        }
    }

    func value(slot: Int) -> [Float] {
        (0..<headSize).map { i in
            let first = i / 64 * 64
            let width = min(64, headSize - first)
            let place = slot / 2 * width * 2 + (i - first) * 2 + slot % 2
            return Float(quantum(valueHalf, at: first * Page.size + place))
                * scale(valueHalf, slot)
        }
    }

    func keyScale(_ slot: Int) -> Float {
        scale(page, slot)
    }

    private func scale(_ half: UnsafeMutablePointer<UInt8>, _ slot: Int) -> Float {
        Float(bitPattern: (UInt32(half[2 * slot]) | UInt32(half[2 * slot + 1]) << 8) << 16)
    }

    private func quantum(_ half: UnsafeMutablePointer<UInt8>, at index: Int) -> Int8 {
        Int8(bitPattern: half[2 * Page.size + index])
    }
}

/// Pages of arbitrary keys and values of one KV head, and arbitrary queries.
private final class AttentionFixture {
    private let kernels: LayerKernels
    private let shape: HeadShape
    private let positions: Int
    private let storage: AlignedBuffer
    private let qkv: RowBuffer
    private let queries: RowBuffer
    private let pageTable: [PageID]
    private var keys: [[Float]] = []
    private var values: [[Float]] = []
    private var rotated: [[Float]] = []

    private var pageBytes: Int { kernels.cacheType.pageByteCount(headSize: shape.headSize) }

    /// Of the attention of numbers below 1 in magnitude.
    var tolerance: Double { kernels.activationType == .float32 ? 2e-6 : 6e-3 }

    init(_ test: AttentionTests.Case, group: Int, positions: Int, keyScale: Float = 1) throws {
        kernels = try #require(
            LayerKernels(
                instructionSet: test.instructionSet, type: test.type, cacheType: test.cacheType))
        let headSize = test.headSize
        shape = HeadShape(heads: group, kvHeads: 1, headSize: headSize)
        self.positions = positions
        let pageCount = Page.count(for: positions + 64)
        // Pages in any order.
        pageTable = (0..<pageCount).map { PageID(UInt32(($0 * 7 + 3) % pageCount)) }
            .sorted { $0.rawValue > $1.rawValue }
        let pageBytes = kernels.cacheType.pageByteCount(headSize: headSize)
        storage = AlignedBuffer(byteCount: pageCount * pageBytes)
        // As an earlier request may leave them: keys that are not numbers, and cleared values.
        for page in 0..<pageCount {
            let keys = storage.pointer(to: UInt8.self) + page * pageBytes
            keys.update(repeating: 0xff, count: pageBytes / 2)
            (keys + pageBytes / 2).update(repeating: 0, count: pageBytes / 2)
        }
        qkv = RowBuffer(rows: 1, width: shape.qkvSize, type: .float32)
        queries = RowBuffer(
            rows: positions + 64, width: group * headSize, type: kernels.activationType)
        let angles = RowBuffer(rows: 1, width: headSize, type: .float32)
        angles.rows.withRow(0) { row in
            for i in 0..<headSize { row[i] = i < headSize / 2 ? 1 : 0 }
        }
        for position in 0..<positions + 64 {
            let row = (0..<shape.qkvSize).map { i in
                let isKey = (group * headSize..<(group + 1) * headSize).contains(i)
                return rounded(Self.value(position * 7919 + i) * (isKey ? keyScale : 1))
            }
            qkv.rows.withRow(0) { out in for i in row.indices { out[i] = row[i] } }
            rotated.append(Array(row[..<(group * headSize)]))
            let page = Int(pageTable[position / Page.size].rawValue)
            kernels.rotate(
                qkv: qkv.rows, row: 0, angles: angles.rows, token: 0,
                queries: [queries.rows.dropFirst(position)], shape: shape,
                page: storage.pointer(to: UInt8.self) + page * pageBytes,
                headStride: pageBytes, slot: position % Page.size)
            if kernels.cacheType == .int8 {
                let stored = QuantizedPage(
                    storage.pointer(to: UInt8.self) + page * pageBytes, headSize: headSize)
                keys.append(stored.key(slot: position % Page.size))
                values.append(stored.value(slot: position % Page.size))
            } else {
                keys.append(Array(row[(group * headSize)..<((group + 1) * headSize)]))
                values.append(Array(row[((group + 1) * headSize)...]))
            }
        }
    }

    /// Numbers that bf16 holds exactly, so that only arithmetic is compared.
    private func rounded(_ value: Float) -> Float {
        kernels.cacheType == .float32
            ? value : Float(bitPattern: value.bitPattern & 0xffff_0000)
    }

    private static func value(_ index: Int) -> Float {
        let mixed = UInt32(truncatingIfNeeded: index) &* 2_654_435_761
        return Float((mixed ^ mixed >> 15) >> 8) / Float(1 << 23) - 1
    }

    /// softmax(q · K / √headSize) · V in double precision, for each head of the group.
    func definition(position: Int) -> [Double] {
        let size = shape.headSize
        return (0..<shape.group).flatMap { head in
            let query = rotated[position][head * size..<(head + 1) * size].map(Double.init)
            let scores = keys[...position].map { key in
                zip(query, key).reduce(0) { $0 + $1.0 * Double($1.1) }
                    / Double(size).squareRoot()
            }
            let largest = scores.max() ?? 0
            let weights = scores.map { exponential($0 - largest) }
            let sum = weights.reduce(0, +)
            return (0..<size).map { i in
                zip(weights, values).reduce(0) { $0 + $1.0 * Double($1.1[i]) } / sum
            }
        }
    }

    /// [tokens][group · headSize]
    func attend(position: Int, tokens: Int) -> [[Float]] {
        let out = outRows(tokens)
        let scratch = RowBuffer(
            rows: 1, width: shape.attentionScratchCount(tokens: tokens), type: .float32)
        kernels.attend(run(position, tokens, out), scratch: scratch.rows)
        return floats(out)
    }

    /// One token's, its segments in descending order.
    func attendBySegments(position: Int) -> [Float] {
        let out = outRows(1)
        let run = run(position, 1, out)
        let parts = RowBuffer(
            rows: run.segmentCount, width: shape.attentionPartCount(tokens: 1), type: .float32)
        for segment in (0..<run.segmentCount).reversed() {
            kernels.attend(run, segment: segment, parts: parts.rows)
        }
        kernels.mergeSegments(of: run, parts: parts.rows)
        return floats(out)[0]
    }

    private func run(_ position: Int, _ tokens: Int, _ out: RowBuffer) -> AttentionRun {
        AttentionRun(
            queries: queries.rows.dropFirst(position), out: out.rows, firstToken: 0,
            tokens: tokens, position: position, pageTable: pageTable,
            pages: storage.pointer(to: UInt8.self),
            groupStride: KVPageLayout(
                heads: 1, headSize: shape.headSize, type: kernels.cacheType
            ).groupStride, shape: shape)
    }

    private func outRows(_ tokens: Int) -> RowBuffer {
        RowBuffer(
            rows: tokens, width: shape.group * shape.headSize, type: kernels.activationType)
    }

    private func floats(_ buffer: RowBuffer) -> [[Float]] {
        let rows = buffer.rows
        return (0..<rows.count).map { row in
            (0..<rows.width).map { i in
                switch rows.type {
                case .float32: rows[row].load(fromByteOffset: 4 * i, as: Float.self)
                case .bfloat16:
                    Float(
                        bitPattern: UInt32(rows[row].load(fromByteOffset: 2 * i, as: UInt16.self))
                            << 16)
                }
            }
        }
    }
}

private func exponential(_ x: Double) -> Double {
    Glibc.exp(x)
}
