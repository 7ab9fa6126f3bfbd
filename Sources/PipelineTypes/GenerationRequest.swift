/// One prompt and how to continue it: what the serving layer submits to the scheduler.
package struct GenerationRequest: Hashable, Sendable {
    package var id: RequestID
    /// At least one token.
    package var prompt: [TokenID]
    package var sampling: SamplingParameters
    package var logprobs: LogprobOptions
    /// Whole pages at the beginning that are never computed: whatever lies in the memory that they
    /// get counts as their keys and values. What comes out means nothing, but it takes as long as
    /// after a prefix that means something. Nothing of such a request is shared.
    package var uncomputedPages: Int

    package init(
        id: RequestID, prompt: [TokenID], sampling: SamplingParameters,
        logprobs: LogprobOptions = LogprobOptions(), uncomputedPages: Int = 0
    ) {
        precondition(uncomputedPages * Page.size < max(1, prompt.count), "no token to compute")
        self.uncomputedPages = uncomputedPages
        self.id = id
        self.prompt = prompt
        self.sampling = sampling
        self.logprobs = logprobs
    }
}

/// How tokens are chosen and when generation stops. Validated by `SamplingParameters.validate`
/// before a request reaches the scheduler.
package struct SamplingParameters: Hashable, Sendable {
    /// nil generates until the context is full. 0 computes the prompt and generates nothing.
    package var maxNewTokens: Int?
    /// Until so many tokens are generated, stop tokens are forbidden.
    package var minNewTokens = 0
    /// 0 takes the most likely token.
    package var temperature: Float = 1
    package var topP: Float = 1
    /// nil keeps the whole vocabulary.
    package var topK: Int?
    package var minP: Float = 0
    package var frequencyPenalty: Float = 0
    package var presencePenalty: Float = 0
    package var repetitionPenalty: Float = 1
    package var logitBias: [TokenBias] = []
    package var seed: UInt64 = 0
    /// Generation ends with any of these, the model's end-of-sequence tokens among them unless
    /// they are to be ignored.
    package var stopTokens: [TokenID] = []

    package init() {}
}

/// Which log probabilities a request wants to see.
package struct LogprobOptions: Hashable, Sendable {
    /// Score the prompt's tokens from this position on (position 0 has no score); nil scores none.
    package var promptStart: Int?
    /// Report the log probability of every generated token.
    package var output = false
    package var selection = LogprobSelection()

    package init(
        promptStart: Int? = nil, output: Bool = false,
        selection: LogprobSelection = LogprobSelection()
    ) {
        self.promptStart = promptStart
        self.output = output
        self.selection = selection
    }
}
