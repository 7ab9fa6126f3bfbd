package import PipelineTypes

/// The pages that nobody holds.
///
/// The page that was given back last is handed out first: it is the likeliest to be in a cache.
package struct PagePool: Sendable {
    /// All pages, free or held.
    package let pageCount: Int
    private var free: [PageID]
    private var freeFlags: [Bool]

    /// All of 0 ..< `pageCount` are free; page 0 is handed out first.
    package init(pageCount: Int) {
        precondition((1...Int(UInt32.max)).contains(pageCount), "\(pageCount) pages")
        self.pageCount = pageCount
        free = (0..<UInt32(pageCount)).reversed().map { PageID($0) }
        freeFlags = Array(repeating: true, count: pageCount)
    }

    package var freeCount: Int {
        free.count
    }

    package var heldCount: Int {
        pageCount - free.count
    }

    package func isFree(_ page: PageID) -> Bool {
        freeFlags[Int(page.rawValue)]
    }

    /// nil when every page is held.
    package mutating func allocate() -> PageID? {
        guard let page = free.popLast() else { return nil }
        freeFlags[Int(page.rawValue)] = false
        return page
    }

    /// Takes back a page that `allocate` handed out.
    package mutating func free(_ page: PageID) {
        precondition(page.rawValue < pageCount, "page \(page.rawValue) does not exist")
        precondition(!isFree(page), "page \(page.rawValue) is freed twice")
        freeFlags[Int(page.rawValue)] = true
        free.append(page)
    }

    package func _checkInvariants() {
        precondition(freeFlags.count { $0 } == free.count, "a page is in the free list twice")
        precondition(free.allSatisfy { isFree($0) }, "a held page is in the free list")
    }
}
