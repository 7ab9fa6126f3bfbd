import PipelineTypes

/// What the checker knows of one request: what its client sent and was told, and what was
/// dispatched of it.
struct RequestWatch {
    let sampling: SamplingParameters
    /// Prompt and output of a request that goes to its natural end without a stop token.
    let tokenCountMax: Int
    private(set) var history: RequestHistory
    private(set) var outputCount = 0
    private(set) var isStarted = false
    private(set) var end: RequestEnd?
    /// Its client has gone away.
    var isCancelled = false
    /// Where its last chunk ended; nil if none was dispatched to this pipeline.
    var dispatchedEnd: Int?
    /// The pages that each of its chunks in flight lists, oldest first.
    var pageCountsInFlight: [Int] = []

    init(_ request: GenerationRequest, limits: ServingLimits) {
        sampling = request.sampling
        history = RequestHistory(request.prompt)
        // The last token of all is never computed and needs no page.
        let room = min(limits.contextLength, limits.tokenCapacity + 1) - request.prompt.count
        tokenCountMax =
            request.prompt.count + min(request.sampling.maxNewTokens ?? room, max(room, 0))
    }

    /// Takes note of what the client is told. Returns what is wrong with it.
    mutating func note(_ event: RequestEvent) -> String? {
        guard end == nil else { return "is told something after its end" }
        switch event {
        case .started:
            defer { isStarted = true }
            return isStarted ? "starts twice" : nil
        case .promptLogprobs:
            return "is told scores that nobody asked for"
        case .token(let token):
            defer {
                history.append(token.token)
                outputCount += 1
            }
            return fault(of: token.token)
        case .ended(let end):
            defer {
                self.end = end
                history = RequestHistory([])
            }
            return fault(of: end)
        }
    }

    private func fault(of token: TokenID) -> String? {
        if !isStarted { return "has a token before its start" }
        if history.tokens.count >= tokenCountMax { return "has more tokens than it wants" }
        if outputCount > 0, let last = history.tokens.last, sampling.stopTokens.contains(last) {
            return "has a token after a stop token"
        }
        let expected = TokenModel.token(after: history.last, seed: sampling.seed)
        return token == expected ? nil : "has the token \(token) in place of \(expected)"
    }

    private func fault(of end: RequestEnd) -> String? {
        switch end {
        case .finished(.length):
            let isComplete = history.tokens.count == tokenCountMax
            return isStarted && isComplete
                ? nil : "ends with \(history.tokens.count) of \(tokenCountMax) tokens"
        case .finished(.stopToken(let token)):
            let isStopped = outputCount > 0 && history.tokens.last == token
            return isStopped && sampling.stopTokens.contains(token)
                ? nil : "is stopped by a token that it does not have"
        case .cancelled:
            return isCancelled ? nil : "is cancelled, though its client waits"
        case .rejected:
            return isStarted ? "is rejected after its start" : nil
        case .failed(let reason):
            return "fails: \(reason)"
        }
    }
}
