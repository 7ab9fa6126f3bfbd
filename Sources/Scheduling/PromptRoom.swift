import ChunkSizing
import PipelineTypes

/// How much of prompts a microbatch has room for.
///
/// Chunks end on page boundaries, except the last of a prompt. A prompt is not begun, or
/// continued, with what little another prompt has left over if that is less than a page.
struct PromptRoom: Hashable, Sendable {
    private var tokens: Int
    /// Seconds on the slowest stage; nil if only tokens count.
    private var seconds: Double?
    private let cost: PrefillCost
    /// Prompts are cut only where one alone fills a microbatch.
    private let keepsPromptsWhole: Bool
    private var isUntouched = true

    /// Room for so many tokens.
    init(tokens: Int, keepsPromptsWhole: Bool = false) {
        self.tokens = tokens
        self.keepsPromptsWhole = keepsPromptsWhole
        cost = .zero
    }

    /// Room for so many tokens and for so many seconds of a stage with this cost.
    init(tokens: Int, seconds: Double, cost: PrefillCost) {
        self.tokens = tokens
        self.seconds = seconds
        self.cost = cost
        keepsPromptsWhole = false
    }

    /// Tokens of a prompt's next chunk: at position `start`, a page boundary, with `remaining`
    /// tokens to go. 0 waits for the next microbatch.
    func chunkTokens(at start: Int, remaining: Int) -> Int {
        let room = tokens(at: start)
        guard remaining > room else { return remaining }
        return keepsPromptsWhole && !isUntouched ? 0 : room / Page.size * Page.size
    }

    mutating func take(_ count: Int, at start: Int) {
        tokens -= count
        seconds? -= cost.work(start..<start + count)
        isUntouched = false
    }

    private func tokens(at start: Int) -> Int {
        guard let seconds else { return tokens }
        let fitting = cost.tokens(within: max(0, seconds) + cost.fixed, after: start)
        return Int(min(Double(tokens), fitting))
    }
}
