import Glibc
package import Kernels
import PipelineTypes

/// One stage's pages of keys and values, for all its layers, packed as the attention kernels read
/// them: a layout with the KV heads of all layers.
///
/// The memory is reserved at once and taken from the system when first written, but for what the
/// first requests need: that much is taken at the start, where nobody waits for it.
///
/// Sendable: workers write different slots, and read only what a barrier separates from its
/// writing.
package final class KVStorage: @unchecked Sendable {
    package let pageCount: Int
    package let byteCount: Int
    let layout: KVPageLayout
    private let kvHeads: Int
    private let base: UnsafeMutablePointer<UInt8>

    package static let populatedByteCount = 256 << 20

    /// Throws if the address space has no room for it.
    package init(
        layers: Int, pageCount: Int, kvHeads: Int, headSize: Int, type: KVCacheType
    ) throws(KVStorageError) {
        layout = KVPageLayout(heads: layers * kvHeads, headSize: headSize, type: type)
        self.kvHeads = kvHeads
        self.pageCount = pageCount
        guard let total = layout.byteCount(pages: pageCount), total > 0,
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

    /// The pages of one layer and KV head.
    func pages(layer: Int, head: Int) -> UnsafeMutablePointer<UInt8> {
        base + layout.offset(of: PageID(0), head: layer * kvHeads + head)
    }

    /// One page of one layer and its first KV head.
    func page(_ page: PageID, layer: Int) -> UnsafeMutablePointer<UInt8> {
        base + layout.offset(of: page, head: layer * kvHeads)
    }

    /// Forgets what a page's values were in all layers. A probability of zero does not hide what
    /// is not a number, so nothing of an earlier request may stay behind the positions in use.
    func clearValues(ofPage page: PageID) {
        let half = layout.pageByteCount / 2
        for head in 0..<layout.heads {
            memset(base + layout.offset(of: page, head: head) + half, 0, half)
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
