import PipelineTypes

/// An edge of the prefix cache: the tokens of one page, after all those that lead to `parent`.
///
/// Its hash reads two tokens at a time, which matters for prompts of thousands of pages.
struct PageRun: Hashable, Sendable {
    let parent: PrefixCache.NodeID
    /// Exactly one page.
    let tokens: ArraySlice<TokenID>

    static func == (left: PageRun, right: PageRun) -> Bool {
        left.parent == right.parent && left.tokens == right.tokens
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(parent)
        for index in stride(from: tokens.startIndex, to: tokens.endIndex, by: 2) {
            hasher.combine(UInt64(tokens[index]) << 32 | UInt64(tokens[index + 1]))
        }
    }
}
