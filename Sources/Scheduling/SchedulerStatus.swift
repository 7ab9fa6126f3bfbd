package import ChunkSizing

/// How busy the scheduler is.
package struct SchedulerStatus: Hashable, Sendable {
    package var isPipelineReady: Bool
    /// Requests in the queue, those that stepped back among them.
    package var waitingRequests: Int
    /// Requests that left the queue.
    package var runningRequests: Int
    package var microbatchesInFlight: Int
    /// Pages that hold nothing.
    package var freePages: Int
    /// Pages that only the prefix cache keeps.
    package var cachedPages: Int
    /// Pages that requests use.
    package var usedPages: Int
    /// Pages that held something at any time.
    package var touchedPages: Int
    /// What is known of each stage's speed; empty until something is.
    package var stageCosts: [StageCostEstimate]
    /// What is known of the links between the stages; nothing is a cost of zero.
    package var linkCosts: [LinkCost]
}

/// What the scheduler has done since it began.
package struct SchedulerTotals: Hashable, Sendable {
    package var finishedRequests = 0
    package var cancelledRequests = 0
    package var rejectedRequests = 0
    package var failedRequests = 0
    package var startedRequests = 0
    /// From submission to the first chunk, summed over all started requests.
    package var queueNanoseconds: Int64 = 0
    /// Prompt tokens of all started requests.
    package var promptTokens = 0
    /// Those of them that came out of the prefix cache.
    package var cachedTokens = 0
    package var generatedTokens = 0
    package var microbatches = 0
    /// Times that a request gave up its pages to an older one.
    package var stepBacks = 0

    package init() {}
}
