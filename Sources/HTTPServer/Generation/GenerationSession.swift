package import PipelineTypes
package import Tokenization

/// Turns the engine's events for one sequence into text and an outcome.
package struct GenerationSession: Sendable {
    private let stopTokens: Set<TokenID>
    private let minNewTokens: Int
    private let keepsStop: Bool
    /// nil without a tokenizer.
    private var detokenizer: IncrementalDetokenizer?
    private var matcher: StopStringMatcher
    private var tokenCount = 0
    package private(set) var hasEnded = false

    package init(plan: GenerationPlan, tokenizer: Tokenizer?) {
        stopTokens = Set(plan.sampling.stopTokens)
        minNewTokens = plan.sampling.minNewTokens
        keepsStop = plan.text.keepsStop
        detokenizer = tokenizer.map {
            IncrementalDetokenizer(
                tokenizer: $0, skipSpecialTokens: plan.text.skipsSpecialTokens)
        }
        matcher = StopStringMatcher(stopStrings: plan.text.stopStrings)
    }

    /// Takes the engine's next event. After an update that ends the sequence nothing may follow,
    /// even if the engine, which knows no stop strings, would go on.
    package mutating func consume(_ event: RequestEvent) -> [GenerationUpdate] {
        precondition(!hasEnded)
        switch event {
        case .started(let cachedTokens): return [.started(cachedTokens: cachedTokens)]
        case .promptLogprobs(let scores): return [.promptScored(scores)]
        case .token(let token): return consume(token)
        case .ended(let end): return [self.end(GenerationOutcome(end))]
        }
    }

    /// The update for a stream that broke off.
    package mutating func breakOff() -> GenerationUpdate {
        end(.failed(APIError(status: 500, message: "The engine stopped.")))
    }

    private mutating func consume(_ token: ScoredToken) -> [GenerationUpdate] {
        tokenCount += 1
        let isStop = stopTokens.contains(token.token)
        guard !isStop || keepsStop, let piece = detokenizer?.append(token.token) else {
            return [.generated(token, text: "")]
        }
        let outcome = matcher.append(piece, mayStop: tokenCount >= minNewTokens)
        guard let matched = outcome.matched else {
            return [.generated(token, text: outcome.text)]
        }
        hasEnded = true
        return [
            .generated(token, text: outcome.text + (keepsStop ? matched : "")),
            .ended(.stoppedAtString(matched), text: ""),
        ]
    }

    private mutating func end(_ outcome: GenerationOutcome) -> GenerationUpdate {
        hasEnded = true
        let last = matcher.append(
            detokenizer?.finish() ?? "", mayStop: tokenCount >= minNewTokens)
        if let matched = last.matched {
            return .ended(.stoppedAtString(matched), text: last.text + (keepsStop ? matched : ""))
        }
        return .ended(outcome, text: last.text + matcher.finish())
    }
}

extension GenerationOutcome {
    fileprivate init(_ end: RequestEnd) {
        switch end {
        case .finished(.stopToken(let token)): self = .stoppedAtToken(token)
        case .finished(.length): self = .lengthReached
        case .cancelled: self = .aborted
        case .rejected(let rejection): self = .failed(APIError(rejection))
        case .failed(let message): self = .failed(APIError(status: 500, message: message))
        }
    }
}
