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
    private var chunkCount = 0
    private var secondsTaken = 0.0
    /// Says whether others go with prompts that end here.
    private var rhythm: MicrobatchRhythm?

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

    /// Makes room for other prompts behind the end of the first one.
    mutating func share(_ rhythm: MicrobatchRhythm) {
        self.rhythm = rhythm
        seconds = max(seconds ?? 0, rhythm.seconds)
    }

    /// Tokens of a prompt's next chunk: at position `start`, a page boundary, with `remaining`
    /// tokens to go. 0 waits for the next microbatch.
    func chunkTokens(at start: Int, remaining: Int) -> Int {
        let count = fittingTokens(at: start, remaining: remaining)
        guard let rhythm, chunkCount > 0 else { return count }
        let more = cost.share(start..<start + count)
        return rhythm.pays(more, after: secondsTaken, ends: chunkCount) ? count : 0
    }

    private func fittingTokens(at start: Int, remaining: Int) -> Int {
        let room = tokens(at: start)
        guard remaining > room else { return remaining }
        return keepsPromptsWhole && chunkCount > 0 ? 0 : room / Page.size * Page.size
    }

    mutating func take(_ count: Int, at start: Int) {
        let taken = cost.share(start..<start + count)
        tokens -= count
        seconds? -= taken
        secondsTaken += taken
        chunkCount += 1
    }

    private func tokens(at start: Int) -> Int {
        guard let seconds else { return tokens }
        let fitting = cost.tokens(within: max(0, seconds) + cost.fixed, after: start)
        return Int(min(Double(tokens), fitting))
    }
}

extension PrefillCost {
    /// Seconds by which a chunk makes a microbatch longer.
    func share(_ positions: Range<Int>) -> Double {
        seconds(positions) - fixed
    }
}
