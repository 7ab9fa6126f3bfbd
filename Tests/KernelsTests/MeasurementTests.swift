import Testing

@testable import Kernels

/// What kernels are measured with: all of it is read, and none of it is an extraordinary number.
@Suite("measurement")
struct MeasurementTests {
    @Test("every pattern reads every byte once")
    func memoryReader() {
        for byteCount in [1, 4096, 100_000] {
            let reader = MemoryReader(byteCount: byteCount)
            #expect(reader.byteCount <= max(byteCount, 512))
            for pattern in MemoryReader.Pattern.all {
                // All bytes are 1.
                let word: UInt64 = 0x0101_0101_0101_0101
                #expect(reader.read(pattern) == UInt64(reader.byteCount / 8) &* word)
            }
        }
    }

    @Test("arbitrary matrices are of both signs and ordinary size, and differ by their seeds")
    func arbitraryNumbers() {
        let first = RowBuffer.arbitrary(rows: 3, width: 100, type: .float32, seed: 1)
        let second = RowBuffer.arbitrary(rows: 3, width: 100, type: .float32, seed: 2)
        for row in 0..<3 {
            let values = first.rows.withRow(row) { Array($0) }
            #expect(values.allSatisfy { abs($0) >= 0.5 && abs($0) < 1 })
            #expect(values.contains { $0 > 0 } && values.contains { $0 < 0 })
            #expect(values != second.rows.withRow(row) { Array($0) })
        }
    }

    @Test(
        "arbitrary weights of every format give ordinary products, and few rows read their bytes",
        arguments: [nil] + WeightFormat.allCases.map { $0 })
    func arbitraryWeights(format: WeightFormat?) {
        let fewRows = FewRowsKernels(instructionSet: .best)
        let type: ComputeType = fewRows == nil ? .float32 : .bfloat16
        let (depth, columns) = (512, 96)
        let matrix = PackedMatrix.arbitrary(
            type: type, depth: depth, columns: columns, panelWidth: 64, fewRows: fewRows,
            format: format, seed: 1)
        let source = RowBuffer.arbitrary(rows: 16, width: depth, type: type)
        // Owns the products.
        let worker = Worker(index: 0, meeting: Meeting(workerCount: 1), instructionSet: .best)
        defer { withExtendedLifetime(worker) {} }
        for panel in 0..<matrix.panelCount {
            let product = worker.product(source.rows, by: matrix, panel: panel, rows: 1)
            product.withRow(0) { row in
                #expect(row.allSatisfy { $0.isFinite && $0 != 0 && abs($0) < 1e6 })
            }
        }
        let stored = (format?.byteCount(depth: depth) ?? depth * type.byteCount) * columns
        if matrix.fewRows == nil || format == nil {
            #expect(matrix.fewRowsByteCount >= depth * columns * type.byteCount)
        } else {
            // Somewhat more than the checkpoint has: scales are unpacked.
            #expect(matrix.fewRowsByteCount >= stored)
            #expect(matrix.fewRowsByteCount < stored * 3 / 2)
        }
    }

    @Test(
        "attention over arbitrary pages is an ordinary number after any prefix",
        arguments: KVCacheType.allCases)
    func arbitraryPages(cacheType: KVCacheType) throws {
        let kernels = try #require(
            LayerKernels(instructionSet: .best, type: .bfloat16, cacheType: cacheType))
        let (headSize, group, tokens) = (64, 3, 5)
        let pages = ArbitraryPages(
            heads: 2, positions: 300, headSize: headSize, type: kernels.cacheType)
        let pool = ThreadPool(threadCount: 2, cores: [], instructionSet: .best)
        pool.run { pages.fill($0) }
        let shape = HeadShape(heads: group, kvHeads: 1, headSize: headSize)
        let queries = RowBuffer.arbitrary(
            rows: tokens, width: group * headSize, type: kernels.activationType)
        let scratch = RowBuffer(
            rows: 1, width: shape.attentionScratchCount(tokens: tokens), type: .float32)
        for head in 0..<2 {
            let out = RowBuffer(
                rows: tokens, width: group * headSize, type: kernels.activationType)
            let run = pages.attentionRun(
                head: head, group: group, queries: queries.rows, out: out.rows, tokens: tokens,
                position: 295)
            kernels.attend(run, scratch: scratch.rows)
            let words = out.rows.width * kernels.activationType.byteCount / 4
            for row in 0..<tokens {
                let bits = out.rows[row].assumingMemoryBound(to: UInt32.self)
                #expect((0..<words).contains { bits[$0] != 0 })
                // In bf16 and in f32, an exponent of ones is an infinity or no number.
                #expect((0..<words).allSatisfy { bits[$0] & 0x7f80_0000 != 0x7f80_0000 })
            }
        }
    }
}
