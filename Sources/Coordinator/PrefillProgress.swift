import PipelineTypes
import Timelines

/// Says of every long prompt, each ten seconds, how much of it is computed.
struct PrefillProgress {
    /// Of one prompt, and before the first.
    static let secondsBetweenLines = 10.0

    private struct Prompt {
        var tokenCount: Int
        /// When its last line came; before that, when its first chunk was dispatched.
        var spoken: Instant?
    }

    private var prompts: [RequestID: Prompt] = [:]

    mutating func begin(_ request: RequestID, tokenCount: Int) {
        prompts[request] = Prompt(tokenCount: tokenCount)
    }

    mutating func end(_ request: RequestID) {
        prompts[request] = nil
    }

    /// Takes note of a microbatch that came back; returns the lines that are due.
    mutating func note(_ chunks: [ChunkSpan], dispatched: Instant, completed: Instant) -> [String] {
        chunks.compactMap { chunk in
            let computed = chunk.positions.upperBound
            guard var prompt = prompts[chunk.request], computed < prompt.tokenCount else {
                return nil
            }
            let spoken = prompt.spoken ?? dispatched
            let isDue = completed.seconds(since: spoken) >= Self.secondsBetweenLines
            prompt.spoken = isDue ? completed : spoken
            prompts[chunk.request] = prompt
            guard isDue else { return nil }
            let share = computed * 100 / prompt.tokenCount
            return "\(computed) of a prompt's \(prompt.tokenCount) tokens are computed, \(share) %"
        }
    }
}
