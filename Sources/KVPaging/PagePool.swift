package import PipelineTypes

/// The pages that nobody holds.
///
/// The lowest is handed out first. So a prompt's pages mostly follow one another, which is
/// quicker to read, and memory that was in use is used again before more is taken.
package struct PagePool: Sendable {
    /// All pages, free or held.
    package let pageCount: Int
    /// Pages that were ever held: memory that nobody wrote to is not there.
    package private(set) var touchedCount = 0
    package private(set) var freeCount: Int
    /// A bit for each page, set while it is free.
    private var words: [UInt64]
    /// No page of a word before this one is free.
    private var firstWord = 0

    /// All of 0 ..< `pageCount` are free.
    package init(pageCount: Int) {
        precondition((1...Int(UInt32.max)).contains(pageCount), "\(pageCount) pages")
        self.pageCount = pageCount
        freeCount = pageCount
        let (whole, rest) = pageCount.quotientAndRemainder(dividingBy: UInt64.bitWidth)
        words = Array(repeating: .max, count: whole)
        if rest > 0 { words.append(1 << UInt64(rest) - 1) }
    }

    package var heldCount: Int {
        pageCount - freeCount
    }

    package func isFree(_ page: PageID) -> Bool {
        let (word, bit) = Self.place(of: page)
        return words[word] & bit != 0
    }

    /// nil when every page is held.
    package mutating func allocate() -> PageID? {
        guard freeCount > 0 else { return nil }
        while words[firstWord] == 0 { firstWord += 1 }
        let page = firstWord * UInt64.bitWidth + words[firstWord].trailingZeroBitCount
        words[firstWord] &= words[firstWord] - 1
        freeCount -= 1
        // The lowest that is free: all before it have been held.
        touchedCount = max(touchedCount, page + 1)
        return PageID(UInt32(page))
    }

    /// Takes back a page that `allocate` handed out.
    package mutating func free(_ page: PageID) {
        precondition(page.rawValue < pageCount, "page \(page.rawValue) does not exist")
        precondition(!isFree(page), "page \(page.rawValue) is freed twice")
        let (word, bit) = Self.place(of: page)
        words[word] |= bit
        firstWord = min(firstWord, word)
        freeCount += 1
    }

    private static func place(of page: PageID) -> (word: Int, bit: UInt64) {
        let (word, bit) = Int(page.rawValue).quotientAndRemainder(dividingBy: UInt64.bitWidth)
        return (word, 1 << UInt64(bit))
    }

    package func _checkInvariants() {
        let free = words.reduce(0) { $0 + $1.nonzeroBitCount }
        precondition(free == freeCount, "\(freeCount) pages are said to be free, \(free) are")
        precondition(words[..<firstWord].allSatisfy { $0 == 0 }, "a free page is never found")
    }
}
