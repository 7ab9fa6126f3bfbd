/// The sizes that bound what the scheduler may do.
package struct ServingLimits: Hashable, Sendable {
    package var stageCount: Int
    /// Microbatches in flight = stages + this depth. nil keeps a second one ready for each stage,
    /// or while requests decode, whose next step waits for all that is in flight, for one.
    package var asyncBatchDepth: Int?
    /// Pages of KV cache on every stage.
    package var pageCount: Int
    /// Positions that one request may have, prompt and output together.
    package var contextLength: Int
    /// Requests that hold KV pages at the same time.
    package var runningRequestsMax: Int
    /// Requests that wait; nil is unbounded.
    package var queuedRequestsMax: Int?
    package var chunking: ChunkingPolicy
    /// Bounds a microbatch's prompt tokens where the policy does not.
    package var prefillTokensMax: Int
    /// Decode steps in one microbatch; nil spreads them evenly over the pipeline.
    package var microbatchRequestsMax: Int?
    package var prefixCacheEnabled: Bool

    package init(
        stageCount: Int, asyncBatchDepth: Int?, pageCount: Int, contextLength: Int,
        runningRequestsMax: Int, queuedRequestsMax: Int?, chunking: ChunkingPolicy,
        prefillTokensMax: Int, microbatchRequestsMax: Int?, prefixCacheEnabled: Bool
    ) {
        self.stageCount = stageCount
        self.asyncBatchDepth = asyncBatchDepth
        self.pageCount = pageCount
        self.contextLength = contextLength
        self.runningRequestsMax = runningRequestsMax
        self.queuedRequestsMax = queuedRequestsMax
        self.chunking = chunking
        self.prefillTokensMax = prefillTokensMax
        self.microbatchRequestsMax = microbatchRequestsMax
        self.prefixCacheEnabled = prefixCacheEnabled
    }

    /// Positions that the KV cache holds.
    package var tokenCapacity: Int {
        pageCount * Page.size
    }

    /// Microbatches that may be in flight at once.
    package var microbatchesInFlightMax: Int {
        stageCount + (asyncBatchDepth ?? stageCount)
    }

    /// The same, while requests decode.
    package var microbatchesInFlightMaxWithDecoders: Int {
        stageCount + (asyncBatchDepth ?? 1)
    }

    /// The same, of microbatches that only decode: one more would be filled with steps that others
    /// then lack, and every stage reads its weights once for each.
    package var decodeMicrobatchesInFlightMax: Int {
        stageCount + (asyncBatchDepth ?? 0)
    }
}
