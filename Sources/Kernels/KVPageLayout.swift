internal import CKernels
package import PipelineTypes

/// How the pages of several KV heads lie in memory: [groups of pages][head][page of the group].
///
/// A head's pages follow one another within a group, because attention reads a run of memory half
/// as fast again as pieces of it, and groups follow one another, so that a prompt takes memory from
/// the system in even steps.
package struct KVPageLayout: Sendable {
    /// Of one layer or of all.
    package let heads: Int
    /// Bytes of one head's page.
    package let pageByteCount: Int

    private static let groupPages = Int(PK_GROUP_PAGES)

    package init(heads: Int, headSize: Int, type: KVCacheType) {
        precondition(Page.size == Int(PK_PAGE))
        self.heads = heads
        pageByteCount = type.pageByteCount(headSize: headSize)
    }

    /// Bytes from a page of one head to the same page of the next.
    package var headStride: Int {
        Self.groupPages * pageByteCount
    }

    /// Bytes from a group of pages to the next.
    package var groupStride: Int {
        heads * headStride
    }

    /// Bytes of so many pages, filled up to a whole group; nil if there is no such number.
    package func byteCount(pages: Int) -> Int? {
        let groups = (pages - 1) / Self.groupPages + 1
        let (total, overflow) = groupStride.multipliedReportingOverflow(by: groups)
        return overflow ? nil : total
    }

    /// Where a head's page begins.
    package func offset(of page: PageID, head: Int) -> Int {
        let (group, place) = Int(page.rawValue).quotientAndRemainder(dividingBy: Self.groupPages)
        return group * groupStride + head * headStride + place * pageByteCount
    }
}
