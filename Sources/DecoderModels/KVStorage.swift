import Glibc
package import Kernels
import PipelineTypes

/// One stage's pages of keys and values, for all its layers, packed as the attention kernels read
/// them: [page][layer][KV head][keys, values].
///
/// All layers of a page lie together, so that a prompt that needs new pages takes memory from the
/// system in even steps, and a page can be copied as one piece.
///
/// The memory is reserved at once and taken from the system when first written, but for what the
/// first requests need: that much is taken at the start, where nobody waits for it.
///
/// Sendable: workers write different slots, and read only what a barrier separates from its
/// writing.
package final class KVStorage: @unchecked Sendable {
    package let pageCount: Int
    package let byteCount: Int
    let headStride: Int
    let pageStride: Int
    private let layerStride: Int
    private let base: UnsafeMutablePointer<UInt8>

    package static let populatedByteCount = 256 << 20

    /// Throws if the address space has no room for it.
    package init(
        layers: Int, pageCount: Int, kvHeads: Int, headSize: Int, type: KVCacheType
    ) throws(KVStorageError) {
        headStride = type.pageByteCount(headSize: headSize)
        layerStride = kvHeads * headStride
        // An odd number of heads from page to page: one head's pages spread over all sets of a
        // cache, which powers of two would not let them.
        pageStride = (layers * kvHeads | 1) * headStride
        self.pageCount = pageCount
        let (total, overflow) = pageStride.multipliedReportingOverflow(by: pageCount)
        guard !overflow, total > 0,
            let memory = mmap(
                nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                -1, 0), memory != MAP_FAILED
        else { throw KVStorageError(pageCount: pageCount) }
        madvise(memory, total, Int32(MADV_HUGEPAGE))
        // An older kernel refuses. Then start-up profiles find prefixes quicker to read than they
        // are, and nothing else is lost.
        madvise(memory, min(total, Self.populatedByteCount), Int32(MADV_POPULATE_WRITE))
        byteCount = total
        base = memory.assumingMemoryBound(to: UInt8.self)
    }

    deinit {
        munmap(base, byteCount)
    }

    /// The pages of one layer and KV head; page p is `p * pageStride` bytes further on.
    func pages(layer: Int, head: Int) -> UnsafeMutablePointer<UInt8> {
        base + layer * layerStride + head * headStride
    }

    /// One page of one layer; head h is `h * headStride` bytes further on.
    func page(_ page: UInt32, layer: Int) -> UnsafeMutablePointer<UInt8> {
        base + Int(page) * pageStride + layer * layerStride
    }

    /// Forgets what a page's values were in all layers. A probability of zero does not hide what
    /// is not a number, so nothing of an earlier request may stay behind the positions in use.
    func clearValues(ofPage page: UInt32) {
        let start = self.page(page, layer: 0)
        for head in stride(from: 0, to: pageStride, by: headStride) {
            memset(start + head + headStride / 2, 0, headStride / 2)
        }
    }
}

/// The KV cache does not fit into memory.
package struct KVStorageError: Error, Hashable, Sendable, CustomStringConvertible {
    package var pageCount: Int

    package var description: String {
        "no memory for \(pageCount) pages of KV cache"
    }
}
