package import PipelineTypes

/// What the server needs of the machinery behind it.
package protocol InferenceEngine: Sendable {
    /// Submits a request. Its events end after `.ended`; when their consumer goes away earlier,
    /// the request is cancelled.
    func submit(
        prompt: [TokenID], sampling: SamplingParameters, logprobs: LogprobOptions
    ) -> EngineStream

    /// Ends a request with `.cancelled`; does nothing if it has ended already.
    func cancel(_ request: RequestID)

    func status() async -> EngineStatus

    /// Forgets all of the prefix cache that no request uses.
    func flushCache() async

    /// Begins to record when the stages work.
    func startProfile(_ request: ProfileRequest) async throws(ProfileError)

    /// Writes what was recorded; returns the path of the file.
    func stopProfile() async throws(ProfileError) -> String
}

/// A submitted request and what it is told.
package struct EngineStream: Sendable {
    package var id: RequestID
    package var events: AsyncStream<RequestEvent>

    package init(id: RequestID, events: AsyncStream<RequestEvent>) {
        self.id = id
        self.events = events
    }
}

/// How the engine is doing.
package struct EngineStatus: Sendable {
    package enum Phase: String, Sendable {
        case starting
        case ready
        /// Stages were lost and are being started again.
        case recovering
        case stopped
    }

    package var phase: Phase
    package var runningRequests: Int
    package var queuedRequests: Int
    /// Positions of KV cache that hold something.
    package var usedTokens: Int
    /// Positions that the KV cache has.
    package var tokenCapacity: Int
    /// When the pipeline last completed a microbatch.
    package var lastCompletion: ContinuousClock.Instant?

    package init(
        phase: Phase, runningRequests: Int = 0, queuedRequests: Int = 0, usedTokens: Int = 0,
        tokenCapacity: Int = 0, lastCompletion: ContinuousClock.Instant? = nil
    ) {
        self.phase = phase
        self.runningRequests = runningRequests
        self.queuedRequests = queuedRequests
        self.usedTokens = usedTokens
        self.tokenCapacity = tokenCapacity
        self.lastCompletion = lastCompletion
    }
}
