import PipelineTypes

/// Where prompts are cut into chunks.
///
/// Chunks end on page boundaries, except the last of a prompt. A prompt is not begun, or
/// continued, with what little another prompt has left over of a microbatch if that is less than
/// a page.
enum ChunkPolicy: Hashable, Sendable {
    /// Microbatches have so many prompt tokens; prompts are cut wherever that is reached.
    case fixed(tokens: Int)
    /// A prompt is one chunk, unless it alone has more tokens than a microbatch may have.
    case wholePrompts(tokensMax: Int)

    init(_ limits: ServingLimits) {
        if let chunkSize = limits.chunkSize {
            self = .fixed(tokens: chunkSize)
        } else {
            self = .wholePrompts(tokensMax: limits.prefillTokensMax)
        }
    }

    /// Prompt tokens of a microbatch whose first prompt chunk begins at position `start`.
    func microbatchTokens(at start: Int) -> Int {
        switch self {
        case .fixed(let tokens): tokens
        case .wholePrompts(let tokensMax): tokensMax
        }
    }

    /// Tokens of a prompt's next chunk: at position `start`, a page boundary, with `remaining`
    /// tokens to go, in a microbatch that has room for `room` more. 0 waits for the next one.
    func chunkTokens(at start: Int, remaining: Int, room: Int) -> Int {
        guard remaining > room else { return remaining }
        switch self {
        case .wholePrompts(let tokensMax) where room < tokensMax: return 0
        case .fixed, .wholePrompts: return room / Page.size * Page.size
        }
    }
}
