import PipelineTypes
import Testing

@testable import Kernels

/// How keys and values become 8-bit integers.
@Suite("8-bit KV cache")
struct QuantizedCacheTests {
    private static let headSize = 48

    static let instructionSets = InstructionSet.allCases.filter { $0 <= .best }

    /// Stores one position's key and the same value, and gives back what the page says of them.
    private func stored(
        _ numbers: [Float], _ instructionSet: InstructionSet, slot: Int = 5
    ) throws -> (key: [Float], value: [Float], scale: Float) {
        let kernels = try #require(
            LayerKernels(instructionSet: instructionSet, type: .bfloat16, cacheType: .int8))
        let shape = HeadShape(heads: 1, kvHeads: 1, headSize: Self.headSize)
        let qkv = RowBuffer(rows: 1, width: shape.qkvSize, type: .float32)
        let angles = RowBuffer(rows: 1, width: Self.headSize, type: .float32)
        let query = RowBuffer(rows: 1, width: Self.headSize, type: kernels.activationType)
        angles.rows.withRow(0) { row in
            for i in row.indices { row[i] = i < Self.headSize / 2 ? 1 : 0 }
        }
        qkv.rows.withRow(0) { row in
            for i in 0..<Self.headSize {
                row[i] = 0
                row[Self.headSize + i] = numbers[i]
                row[2 * Self.headSize + i] = numbers[i]
            }
        }
        let byteCount = KVCacheType.int8.pageByteCount(headSize: Self.headSize)
        let memory = AlignedBuffer(byteCount: byteCount)
        kernels.rotate(
            qkv: qkv.rows, row: 0, angles: angles.rows, token: 0, queries: [query.rows],
            shape: shape, page: memory.pointer(to: UInt8.self), headStride: byteCount, slot: slot)
        let page = QuantizedPage(memory.pointer(to: UInt8.self), headSize: Self.headSize)
        return (page.key(slot: slot), page.value(slot: slot), page.keyScale(slot))
    }

    private static func numbers(_ scale: Float) -> [Float] {
        (0..<headSize).map { scale * (Float(($0 * 37 + 11) % headSize) / 17 - 1.3) }
    }

    @Test("stored numbers are within half a step, of the least bf16 step that reaches them all")
    func halfAStep() throws {
        for instructionSet in Self.instructionSets {
            for scale: Float in [1, 0.003, 1e-30, 1e30, 7.77] {
                let numbers = Self.numbers(scale)
                let stored = try stored(numbers, instructionSet)
                let largest = numbers.map(abs).max() ?? 0
                let smaller = Float(bitPattern: stored.scale.bitPattern - 0x1_0000)
                #expect(stored.scale.bitPattern & 0xffff == 0)
                #expect(127 * stored.scale >= largest && 127 * smaller < largest)
                for (i, number) in numbers.enumerated() {
                    #expect(abs(stored.key[i] - number) <= stored.scale * 0.50001)
                }
                #expect(stored.value == stored.key)
            }
        }
    }

    @Test("every slot has its own place")
    func slots() throws {
        let numbers = Self.numbers(1)
        let expected = try stored(numbers, .best, slot: 0)
        for slot in 1..<Page.size {
            #expect(try stored(numbers, .best, slot: slot).key == expected.key)
        }
    }

    @Test("zeros stay zeros, and what is not a finite number is not hidden")
    func extremes() throws {
        for instructionSet in Self.instructionSets {
            let zeros = [Float](repeating: 0, count: Self.headSize)
            #expect(try stored(zeros, instructionSet).key == zeros)
            for bad in [Float.nan, .infinity, -.infinity, Float(bitPattern: 0x7fff_ffff)] {
                var numbers = Self.numbers(1)
                numbers[7] = bad
                #expect(try !stored(numbers, instructionSet).scale.isFinite, "\(bad)")
            }
            // So small that their scale has no reciprocal: the result is as small.
            var tiny = zeros
            tiny[3] = 7 * Float.leastNonzeroMagnitude
            #expect(try stored(tiny, instructionSet).key.allSatisfy { abs($0) < 1e-36 })
        }
    }

    @Test("a page takes little more than half of what bf16 takes", arguments: [64, 128, 256])
    func size(headSize: Int) {
        let whole = KVCacheType.bfloat16.pageByteCount(headSize: headSize)
        let half = KVCacheType.int8.pageByteCount(headSize: headSize)
        #expect(2 * half - whole == 4 * 2 * Page.size, "a bf16 scale for keys and one for values")
        #expect(half.isMultiple(of: 64))
        #expect(KVCacheType.int8.byteCount(headSize: headSize) == 2 * (headSize + 2))
    }
}
