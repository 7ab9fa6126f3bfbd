import PipelineTypes

/// The tokens of a request as its client knows them, and what their positions must hold.
struct RequestHistory {
    private(set) var tokens: [TokenID]
    /// Of each full page's last position.
    private(set) var pageContents: [UInt64] = []
    /// Of the last position.
    private(set) var last = TokenModel.emptyContent

    init(_ prompt: [TokenID]) {
        tokens = prompt
        pageContents.reserveCapacity(prompt.count / Page.size)
        for (position, token) in prompt.enumerated() {
            note(token, at: position)
        }
    }

    mutating func append(_ token: TokenID) {
        tokens.append(token)
        note(token, at: tokens.count - 1)
    }

    private mutating func note(_ token: TokenID, at position: Int) {
        last = TokenModel.content(of: token, after: last)
        if (position + 1) % Page.size == 0 { pageContents.append(last) }
    }
}
