import JSON
import PipelineTypes
import Tokenization

/// Which log probabilities `/generate` reports.
struct NativeLogprobOptions: Sendable {
    /// The first prompt token in the lists, which itself has no score; nil lists none.
    var promptStart: Int?
    var topCount: Int
    /// Tokens to score at every position; nil if none were named.
    var tokens: [TokenID]?
    var includesText: Bool

    /// What the engine must compute for it.
    func options(promptCount: Int) -> LogprobOptions {
        let firstScored = promptStart.map { $0 + 1 }
        return LogprobOptions(
            promptStart: firstScored.flatMap { $0 < promptCount ? $0 : nil }, output: true,
            selection: LogprobSelection(topCount: topCount, tokens: tokens ?? []))
    }
}

/// The three lists of log probabilities, of a prompt or of an output. An entry is
/// `[logprob or null, id, text or null]`.
struct NativeLogprobLists: Sendable {
    private let options: NativeLogprobOptions
    private let tokenizer: Tokenizer?
    private var scores = GrowingJSONArray()
    private var top = GrowingJSONArray()
    private var selected = GrowingJSONArray()

    init(options: NativeLogprobOptions, tokenizer: Tokenizer?) {
        self.options = options
        self.tokenizer = options.includesText ? tokenizer : nil
    }

    mutating func append(_ tokens: [ScoredToken]) {
        for token in tokens {
            scores.append(entry(token.token, token.logprob))
            top.append(list(token.top.prefix(options.topCount), of: token))
            selected.append(list(token.selected[...], of: token))
        }
    }

    /// The lists that were asked for, as members whose names begin with `side`.
    func write(_ side: String, to meta: inout JSONObject) {
        meta["\(side)_token_logprobs"] = scores.value
        if options.topCount > 0 { meta["\(side)_top_logprobs"] = top.value }
        if options.tokens != nil { meta["\(side)_token_ids_logprobs"] = selected.value }
    }

    private func list(_ entries: ArraySlice<TokenLogprob>, of token: ScoredToken) -> JSONValue {
        guard token.logprob != nil else { return .null }
        return .array(entries.map { entry($0.token, $0.logprob) })
    }

    private func entry(_ token: TokenID, _ logprob: Float?) -> JSONValue {
        [
            JSONValue(logprob: logprob), .integer(Int(token)),
            JSONValue(tokenizer?.text(of: token)),
        ]
    }
}
