import JSON
import PipelineTypes
import Tokenization

/// The log probabilities of a chat completion: one entry for each token.
struct ChatLogprobs: Sendable {
    var tokenizer: Tokenizer
    var topCount: Int

    func json(_ tokens: [ScoredToken]) -> JSONValue {
        [
            "content": .array(
                tokens.map { token in
                    var entry = entry(token.token, logprob: token.logprob)
                    entry["top_logprobs"] = .array(
                        token.top.prefix(topCount).map {
                            .object(self.entry($0.token, logprob: $0.logprob))
                        })
                    return .object(entry)
                }),
            "refusal": nil,
        ]
    }

    private func entry(_ token: TokenID, logprob: Float?) -> JSONObject {
        var entry = JSONObject()
        entry["token"] = .string(tokenizer.text(of: token))
        entry["bytes"] = JSONValue(tokenizer.bytes(of: token))
        entry["logprob"] = JSONValue(logprob: logprob)
        return entry
    }
}
