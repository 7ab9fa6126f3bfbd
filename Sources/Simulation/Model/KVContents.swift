import PipelineTypes

/// What the KV pages of a stage hold. All stages compute the microbatches in the order of their
/// dispatch, so the pages of all go through the same states; one copy, computed in that order,
/// stands for every stage's.
struct KVContents {
    struct Content: Hashable {
        /// Positions written, from the page's first.
        var filled = 0
        /// Of the last of them.
        var last = TokenModel.emptyContent
    }

    private var pages: [Content]

    init(pageCount: Int) {
        pages = Array(repeating: Content(), count: pageCount)
    }

    /// nil if there is no such page.
    subscript(page: PageID) -> Content? {
        Int(page.rawValue) < pages.count ? pages[Int(page.rawValue)] : nil
    }

    /// Writes the chunk's positions, each after what its pages hold for the one before. Returns
    /// the content of the last, or nil if the chunk lacks pages.
    mutating func compute(_ chunk: Chunk) -> UInt64? {
        guard chunk.start >= 0, chunk.pages.count == Page.count(for: chunk.end),
            chunk.pages.allSatisfy({ Int($0.rawValue) < pages.count })
        else { return nil }
        var content =
            chunk.start == 0
            ? TokenModel.emptyContent : pages[index(of: chunk.start - 1, in: chunk)].last
        for (offset, token) in chunk.tokens.enumerated() {
            let position = chunk.start + offset
            content = TokenModel.content(of: token, after: content)
            pages[index(of: position, in: chunk)] = Content(
                filled: position % Page.size + 1, last: content)
        }
        return content
    }

    private func index(of position: Int, in chunk: Chunk) -> Int {
        Int(chunk.pages[position / Page.size].rawValue)
    }
}
