import JSON
import PipelineTypes
import Tokenization

/// The log probabilities of a text completion: four lists of equal length.
struct CompletionLogprobs: Sendable {
    private let tokenizer: Tokenizer
    private let topCount: Int
    /// Unicode scalars of the text before the next token.
    private var textOffset = 0

    init(tokenizer: Tokenizer, topCount: Int) {
        self.tokenizer = tokenizer
        self.topCount = topCount
    }

    /// The lists for the next tokens of the text. A token without score has null in them.
    mutating func next(_ tokens: [ScoredToken]) -> JSONValue {
        var names: [JSONValue] = []
        var logprobs: [JSONValue] = []
        var alternatives: [JSONValue] = []
        var offsets: [JSONValue] = []
        for token in tokens {
            let text = tokenizer.text(of: token.token)
            names.append(.string(text))
            logprobs.append(JSONValue(logprob: token.logprob))
            alternatives.append(topLogprobs(of: token, text: text))
            offsets.append(.integer(textOffset))
            textOffset += text.unicodeScalars.count
        }
        return [
            "tokens": .array(names),
            "token_logprobs": .array(logprobs),
            "top_logprobs": .array(alternatives),
            "text_offset": .array(offsets),
        ]
    }

    /// A map from text to log probability: the most likely tokens, and the token itself. Of
    /// several tokens with the same text the most likely is in it.
    private func topLogprobs(of token: ScoredToken, text: String) -> JSONValue {
        guard let logprob = token.logprob else { return .null }
        var map = JSONObject()
        for candidate in token.top.prefix(topCount) {
            let name = tokenizer.text(of: candidate.token)
            if map[name] == nil { map[name] = JSONValue(logprob: candidate.logprob) }
        }
        if map[text] == nil { map[text] = JSONValue(logprob: logprob) }
        return .object(map)
    }
}
