import PipelineTypes

/// How many chunks in flight use each page.
struct PageUses {
    private var counts: [Int]
    /// Pages that some chunk uses.
    private(set) var usedCount = 0

    init(pageCount: Int) {
        counts = Array(repeating: 0, count: pageCount)
    }

    subscript(page: PageID) -> Int {
        counts[Int(page.rawValue)]
    }

    func has(_ page: PageID) -> Bool {
        Int(page.rawValue) < counts.count
    }

    mutating func add(_ pages: [PageID]) {
        for page in pages {
            if counts[Int(page.rawValue)] == 0 { usedCount += 1 }
            counts[Int(page.rawValue)] += 1
        }
    }

    mutating func remove(_ pages: [PageID]) {
        for page in pages {
            counts[Int(page.rawValue)] -= 1
            if counts[Int(page.rawValue)] == 0 { usedCount -= 1 }
        }
    }
}
