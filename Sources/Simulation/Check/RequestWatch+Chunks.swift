import PipelineTypes

extension RequestWatch {
    /// Chunks of a request follow one another, but for whole pages that the prefix cache had; a
    /// request that has lost its pages begins again when nothing of it is in flight.
    func orderFault(of chunk: Chunk) -> String? {
        if end != nil { return "are computed after its end" }
        if !isStarted { return "are computed before its start" }
        if chunk.start < 0 || chunk.tokens.isEmpty { return "are none" }
        let previous = dispatchedEnd ?? 0
        let isAgain = chunk.start < previous
        if isAgain && !pageCountsInFlight.isEmpty { return "are computed twice at once" }
        let skipped = chunk.start - (isAgain ? 0 : previous)
        if skipped > 0 && (skipped % Page.size != 0 || chunk.start % Page.size != 0) {
            return "do not follow position \(previous)"
        }
        let isCutInsidePage = chunk.end % Page.size != 0 && chunk.end < history.tokens.count
        return isCutInsidePage ? "end inside a page" : nil
    }

    func tokenFault(of chunk: Chunk) -> String? {
        guard chunk.start >= 0, chunk.end <= history.tokens.count,
            history.tokens[chunk.start..<chunk.end].elementsEqual(chunk.tokens)
        else { return "have other tokens" }
        return nil
    }

    /// A chunk must not write a page that an earlier chunk of another request, still in flight,
    /// reads or writes.
    func pageFault(of chunk: Chunk, uses: PageUses) -> String? {
        guard chunk.start >= 0, chunk.pages.count == Page.count(for: chunk.end) else {
            return "have \(chunk.pages.count) pages"
        }
        if let unknown = chunk.pages.first(where: { !uses.has($0) }) {
            return "have page \(unknown.rawValue), which does not exist"
        }
        for index in (chunk.start / Page.size)..<chunk.pages.count {
            let own = pageCountsInFlight.count { $0 > index }
            if uses[chunk.pages[index]] > own {
                return "write page \(chunk.pages[index].rawValue), which another request uses"
            }
        }
        return nil
    }

    /// All its pages hold what they must when it has been computed.
    func contentFault(of chunk: Chunk, _ contents: KVContents) -> String? {
        for (index, page) in chunk.pages.enumerated() {
            let isFull = (index + 1) * Page.size <= chunk.end
            let expected =
                isFull && index < history.pageContents.count
                ? KVContents.Content(filled: Page.size, last: history.pageContents[index])
                : KVContents.Content(filled: chunk.end % Page.size, last: history.last)
            if contents[page] != expected { return "page \(page.rawValue) holds something else" }
        }
        return nil
    }
}
