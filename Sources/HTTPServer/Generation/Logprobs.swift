import JSON
import PipelineTypes

extension JSONValue {
    /// A log probability. A probability of zero comes out as -9999, as clients of OpenAI's
    /// interface expect; parsing any other gives exactly the same number.
    init(logprob: Float?) {
        guard let logprob, !logprob.isNaN else {
            self = .null
            return
        }
        self = .number(Double(max(logprob, -9999)))
    }
}

extension GenerationPlan {
    /// The prompt's tokens from `start` on, each with its score. The first of them has none. A
    /// prompt that was cut may have none of them.
    func scoredPrompt(from start: Int, scores: [ScoredToken]) -> [ScoredToken] {
        let tokens = prompt.dropFirst(start)
        // The engine scores what follows the first of these tokens.
        let followers = tokens.dropFirst()
        let aligned = zip(followers, scores.suffix(followers.count)).map { token, score in
            score.token == token ? score : ScoredToken(token: token)
        }
        return tokens.prefix(1).map { ScoredToken(token: $0) } + aligned
    }
}
