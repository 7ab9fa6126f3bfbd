package import PipelineTypes

/// One sequence to generate, and how its tokens become text.
package struct GenerationPlan: Sendable {
    package var prompt: [TokenID]
    package var sampling: SamplingParameters
    package var logprobs: LogprobOptions
    package var text: TextOptions

    package init(
        prompt: [TokenID], sampling: SamplingParameters,
        logprobs: LogprobOptions = LogprobOptions(), text: TextOptions = TextOptions()
    ) {
        self.prompt = prompt
        self.sampling = sampling
        self.logprobs = logprobs
        self.text = text
    }
}

/// What the server itself does to a request's output; the engine knows tokens only.
package struct TextOptions: Hashable, Sendable {
    /// Generation ends where the text contains one of these; none is empty.
    package var stopStrings: [String] = []
    /// Leaves the stop string, or the stop token's text, at the end of the output.
    package var keepsStop = false
    package var skipsSpecialTokens = true

    package init() {}
}
