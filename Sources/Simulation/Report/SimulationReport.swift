package import PipelineTypes
package import Scheduling
package import Timelines

/// What came out of a simulation.
package struct SimulationReport: Hashable, Sendable {
    /// Seconds from the beginning to the end of the last request.
    package var makespan = 0.0
    /// In the order of their submission.
    package var requests: [RequestOutcome] = []
    /// Seconds; nil if no request had a token.
    package var timeToFirstToken: Distribution?
    /// Seconds between two tokens of a request; nil if no request had two.
    package var interTokenLatency: Distribution?
    package var totals = SchedulerTotals()
    /// Seconds that each stage computed.
    package var busySeconds: [Double] = []
    /// nil if nobody asked for it.
    package var timeline: Timeline?
    /// Of every event and every action: two runs with the same hash went the same way.
    package var traceHash: UInt64 = 0
    package var eventCount = 0
    /// What must never happen and did; empty if all is well.
    package var violations: [String] = []
    /// Why the run was not simulated to its end, such as "takes 1000000 s or more"; nil if it was.
    package var givenUp: String?

    /// Prompt tokens that were computed or came out of the prefix cache, a second.
    package var promptTokensPerSecond: Double {
        makespan > 0 ? Double(totals.promptTokens) / makespan : 0
    }

    package var outputTokensPerSecond: Double {
        makespan > 0 ? Double(totals.generatedTokens) / makespan : 0
    }

    package var requestsPerSecond: Double {
        makespan > 0 ? Double(totals.finishedRequests) / makespan : 0
    }
}

/// How one request fared.
package struct RequestOutcome: Hashable, Sendable {
    package var id: RequestID
    /// The name of the `RequestSource` that it came from.
    package var source: String
    package var promptTokens: Int
    /// Of them, those that came out of the prefix cache.
    package var cachedTokens = 0
    package var outputTokens = 0
    package var submitted: Instant
    /// nil if it had no token.
    package var firstToken: Instant?
    /// nil only where `violations` or `givenUp` say why.
    package var ended: Instant?
    package var end: RequestEnd?

    package init(id: RequestID, source: String, promptTokens: Int, submitted: Instant) {
        self.id = id
        self.source = source
        self.promptTokens = promptTokens
        self.submitted = submitted
    }

    /// Seconds.
    package var timeToFirstToken: Double? {
        firstToken?.seconds(since: submitted)
    }
}
