package import PipelineTypes

/// What happened to one sequence, in the terms in which clients are told.
package enum GenerationUpdate: Hashable, Sendable {
    /// It left the queue; so many positions of its prompt came out of the prefix cache.
    case started(cachedTokens: Int)
    /// Scores of consecutive prompt tokens.
    case promptScored([ScoredToken])
    /// A token, and the text that is decided now: its own, or that of earlier tokens.
    case generated(ScoredToken, text: String)
    /// The end, always the last update, and the text that was held back until now.
    case ended(GenerationOutcome, text: String)
}

/// How a sequence ended.
package enum GenerationOutcome: Hashable, Sendable {
    case stoppedAtToken(TokenID)
    case stoppedAtString(String)
    case lengthReached
    /// By a client's wish.
    case aborted
    case failed(APIError)
}
