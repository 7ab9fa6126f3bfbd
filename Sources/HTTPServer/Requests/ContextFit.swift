import PipelineTypes

/// How a prompt and the tokens to generate from it share the context.
///
/// A limit that the client gave is a wish for so many tokens and must fit; one that it did not
/// give fills what the prompt leaves.
struct ContextFit {
    let model: ServedModel
    /// The limit that the client gave.
    let asked: Int?

    /// The plan as it can be served. Throws if the context cannot hold what the client asked for
    /// and nothing may be cut.
    func fitted(_ plan: GenerationPlan) throws(APIError) -> GenerationPlan {
        var plan = plan
        let wanted = plan.sampling.maxNewTokens
        // A prompt that is to be continued must leave room for one token.
        let room = model.contextLength - (wanted == 0 ? 0 : 1)
        if plan.prompt.count > room {
            guard model.truncatesToFit, room > 0 else { throw refusal(of: plan) }
            plan.prompt = Array(plan.prompt.prefix(room))
            plan.logprobs.promptStart = plan.logprobs.promptStart.flatMap { $0 < room ? $0 : nil }
        }
        let left = model.contextLength - plan.prompt.count
        if let asked, asked > left, !model.truncatesToFit { throw refusal(of: plan) }
        plan.sampling.maxNewTokens = wanted.map { min($0, left) }
        plan.sampling.minNewTokens = min(plan.sampling.minNewTokens, left)
        return plan
    }

    private func refusal(of plan: GenerationPlan) -> APIError {
        let (length, prompt) = (model.contextLength, plan.prompt.count)
        guard prompt <= length else {
            return APIError(Rejection.promptTooLong(tokens: prompt, contextLength: length))
        }
        let completion = max(asked ?? plan.sampling.maxNewTokens ?? 1, 1)
        let (total, overflows) = prompt.addingReportingOverflow(completion)
        return APIError(
            status: 400,
            message: """
                Requested token count exceeds the model's maximum context length of \(length) \
                tokens. You requested a total of \(overflows ? .max : total) tokens: \(prompt) \
                tokens from the input messages and \(completion) tokens for the completion. \
                Please reduce the number of tokens in the input messages or the completion to \
                fit within the limit.
                """, code: APIError.contextLengthExceeded)
    }
}
