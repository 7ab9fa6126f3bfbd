internal import PipelineTypes

/// Pages of arbitrary keys and values, for attention that is measured: as a stage's lie in memory,
/// with many KV heads where a stage has layers too.
///
/// Sendable: workers fill different pages, and read them only after a barrier.
package final class ArbitraryPages: @unchecked Sendable {
    package let heads: Int
    package let headSize: Int
    private let type: KVCacheType
    private let layout: KVPageLayout
    private let pageTable: [PageID]
    private let memory: LargeMemory

    package init(heads: Int, positions: Int, headSize: Int, type: KVCacheType) {
        self.heads = heads
        self.headSize = headSize
        self.type = type
        layout = KVPageLayout(heads: heads, headSize: headSize, type: type)
        pageTable = (0..<UInt32(Page.count(for: positions))).map { PageID($0) }
        guard let byteCount = layout.byteCount(pages: pageTable.count) else {
            preconditionFailure("no such number of pages")
        }
        memory = LargeMemory(byteCount: byteCount)
    }

    /// Bytes of keys and values that one head has for so many positions.
    package static func byteCount(positions: Int, headSize: Int, type: KVCacheType) -> Int {
        positions * type.byteCount(headSize: headSize)
    }

    /// Fills this worker's share; all workers of a pool do so before anything is read.
    package func fill(_ worker: Worker) {
        for page in worker.share(of: pageTable.count) {
            for head in 0..<heads {
                let start = layout.offset(of: pageTable[page], head: head)
                let memory = UnsafeMutableRawBufferPointer(
                    start: memory.address + start, count: layout.pageByteCount)
                let seed = UInt32(truncatingIfNeeded: start)
                switch type {
                case .bfloat16: ArbitraryNumbers.fill(memory, of: .bfloat16, seed: seed)
                case .float32: ArbitraryNumbers.fill(memory, of: .float32, seed: seed)
                case .int8: fillQuantized(memory, seed: seed)
                }
            }
        }
    }

    private func fillQuantized(_ memory: UnsafeMutableRawBufferPointer, seed: UInt32) {
        for half in stride(from: 0, to: memory.count, by: memory.count / 2) {
            let numbers = UnsafeMutableRawBufferPointer(
                rebasing: memory[half..<half + memory.count / 2])
            ArbitraryNumbers.fillQuantized(
                numbers, scaleCount: Page.size, seed: seed &+ UInt32(truncatingIfNeeded: half))
        }
    }

    private var base: UnsafeMutablePointer<UInt8> {
        memory.address.assumingMemoryBound(to: UInt8.self)
    }

    /// The attention of so many tokens after `position` others, for one KV head.
    ///
    /// - Parameters:
    ///   - queries: activations, [tokens][group · headSize]
    ///   - out: the same
    package func attentionRun(
        head: Int, group: Int, queries: Rows, out: Rows, tokens: Int, position: Int
    ) -> AttentionRun {
        precondition(head >= 0 && head < heads)
        precondition(min(queries.width, out.width) >= group * headSize)
        return AttentionRun(
            queries: queries, out: out, firstToken: 0, tokens: tokens, position: position,
            pageTable: pageTable, pages: base + layout.offset(of: PageID(0), head: head),
            groupStride: layout.groupStride,
            shape: HeadShape(heads: group, kvHeads: 1, headSize: headSize))
    }

    /// Rotates one token's queries and keys, and stores its keys and values at `position`; see
    /// `LayerKernels.rotate`.
    package func rotate(
        with kernels: LayerKernels, qkv: Rows, row: Int, angles: Rows, queries: [Rows],
        shape: HeadShape, position: Int
    ) {
        precondition(shape.kvHeads <= heads && shape.headSize == headSize)
        precondition(type == kernels.cacheType)
        let (page, slot) = position.quotientAndRemainder(dividingBy: Page.size)
        precondition(page < pageTable.count)
        kernels.rotate(
            qkv: qkv, row: row, angles: angles, token: row, queries: queries, shape: shape,
            page: base + layout.offset(of: pageTable[page], head: 0),
            headStride: layout.headStride, slot: slot)
    }
}
