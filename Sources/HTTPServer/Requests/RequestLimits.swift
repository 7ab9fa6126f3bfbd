import PipelineTypes

/// What one HTTP request may ask for.
enum RequestLimits {
    /// Sequences of one request: prompts times choices.
    static let sequencesMax = 4096
    /// Alternatives reported beside each token by OpenAI's routes, and by `/generate`.
    static let topLogprobsMax = 20
    static let nativeTopLogprobsMax = 256
    /// Log probabilities of all prompt tokens of a request together, alternatives included.
    static let logprobsMax = 1 << 24

    /// Throws if these are more sequences than one request may ask for.
    static func check(sequences: Int) throws(APIError) {
        guard sequences <= sequencesMax else {
            throw .badRequest(
                "The request asks for \(sequences) sequences; at most \(sequencesMax) are "
                    + "allowed.")
        }
    }

    /// Throws if the plans together ask for more than one request may.
    static func check(_ plans: [GenerationPlan]) throws(APIError) {
        try check(sequences: plans.count)
        var total = 0
        for plan in plans {
            let each = 1 + plan.logprobs.selection.topCount + plan.logprobs.selection.tokens.count
            total += (plan.logprobs.promptStart.map { plan.prompt.count - $0 } ?? 0) * each
        }
        guard total <= logprobsMax else {
            throw .badRequest(
                "The request asks for more than \(logprobsMax) prompt log probabilities; ask for "
                    + "fewer alternatives or fewer tokens.")
        }
    }
}
