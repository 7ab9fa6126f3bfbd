/// What a submitted request is told, in this order: `started` once, `promptLogprobs` and `token`
/// any number of times, `ended` exactly once.
package enum RequestEvent: Hashable, Sendable {
    /// The request left the queue; so many positions of its prompt came out of the prefix cache.
    case started(cachedTokens: Int)
    /// Scores of consecutive prompt tokens, continuing where the last such event ended.
    case promptLogprobs([ScoredToken])
    case token(ScoredToken)
    case ended(RequestEnd)
}

/// How a request ended.
package enum RequestEnd: Hashable, Sendable {
    case finished(FinishReason)
    /// The client went away or asked for it.
    case cancelled
    /// The request was never started.
    case rejected(Rejection)
    /// The engine could not go on.
    case failed(String)
}

/// Why generation is complete.
package enum FinishReason: Hashable, Sendable {
    /// A stop token was generated; it is the last token delivered.
    case stopToken(TokenID)
    /// `maxNewTokens` were generated, or the context or the KV cache of this server is full.
    case length
}

/// Why a request cannot be served.
package enum Rejection: Hashable, Sendable {
    case queueFull
    case emptyPrompt
    case promptTooLong(tokens: Int, contextLength: Int)
    /// The prompt alone needs more KV pages than the server has.
    case exceedsMemory(tokens: Int, capacity: Int)
    case shuttingDown

    /// The sentence that clients read.
    package var message: String {
        switch self {
        case .queueFull:
            "The request queue is full."
        case .emptyPrompt:
            "The prompt is empty."
        case .promptTooLong(let tokens, let contextLength):
            "The input (\(tokens) tokens) is longer than the model's context length "
                + "(\(contextLength) tokens)."
        case .exceedsMemory(let tokens, let capacity):
            "The input (\(tokens) tokens) does not fit into the KV cache of this server "
                + "(\(capacity) tokens)."
        case .shuttingDown:
            "The server is shutting down."
        }
    }
}
