import PipelineTypes

@testable import Simulation

/// What a request must be told, worked out without scheduler, pages or pipeline.
struct Oracle {
    private(set) var tokens: [TokenID] = []
    private(set) var reason = FinishReason.length

    init(_ request: GenerationRequest, limits: ServingLimits) {
        var content = request.prompt.reduce(TokenModel.emptyContent) {
            TokenModel.content(of: $1, after: $0)
        }
        let most = min(limits.contextLength, limits.tokenCapacity + 1) - request.prompt.count
        while tokens.count < min(request.sampling.maxNewTokens ?? most, most) {
            let token = TokenModel.token(after: content, seed: request.sampling.seed)
            tokens.append(token)
            content = TokenModel.content(of: token, after: content)
            if request.sampling.stopTokens.contains(token) {
                reason = .stopToken(token)
                return
            }
        }
    }

    /// What is wrong with what a client was told, if anything.
    static func fault(
        of transcript: WatchedScheduler.Transcript, limits: ServingLimits
    ) -> String? {
        guard transcript.ends.count == 1 else { return "ends \(transcript.ends.count) times" }
        let oracle = Oracle(transcript.request, limits: limits)
        switch transcript.ends[0] {
        case .finished(let reason):
            let isRight = reason == oracle.reason && transcript.tokens == oracle.tokens
            return isRight ? nil : "has a wrong output"
        case .cancelled:
            let isRight = transcript.isCancelled && oracle.tokens.starts(with: transcript.tokens)
            return isRight ? nil : "had a wrong output"
        case .rejected(let rejection):
            return fault(of: rejection, transcript.request.prompt.count, limits)
        case .failed(let reason):
            return "fails: \(reason)"
        }
    }

    private static func fault(
        of rejection: Rejection, _ promptTokens: Int, _ limits: ServingLimits
    ) -> String? {
        let isRight =
            switch rejection {
            case .queueFull: limits.queuedRequestsMax != nil
            case .promptTooLong: promptTokens >= limits.contextLength
            case .exceedsMemory: promptTokens > limits.tokenCapacity
            case .emptyPrompt, .shuttingDown: false
            }
        return isRight ? nil : "is rejected: \(rejection.message)"
    }
}
