package import PipelineTypes

/// When the stages of a pipeline worked on which microbatches.
package struct Timeline: Hashable, Sendable {
    /// Where its times come from.
    package enum Source: String, CaseIterable, Sendable {
        /// Stages that computed.
        case measured
        /// Real processes that waited as long as a cost model says.
        case paced
        /// Virtual time.
        case simulated
    }

    package var source: Source
    package var stageCount: Int
    /// How many may be in flight at once; nil where that is not known.
    package var microbatchesInFlightMax: Int?
    /// In the order of their dispatch.
    package var microbatches: [MicrobatchSpan]
    /// Earlier microbatches that were not kept.
    package var droppedCount: Int

    package init(
        source: Source, stageCount: Int, microbatchesInFlightMax: Int? = nil,
        microbatches: [MicrobatchSpan] = [], droppedCount: Int = 0
    ) {
        self.source = source
        self.stageCount = stageCount
        self.microbatchesInFlightMax = microbatchesInFlightMax
        self.microbatches = microbatches
        self.droppedCount = droppedCount
    }
}

/// One microbatch's way through the pipeline. All instants are of the coordinator's clock.
package struct MicrobatchSpan: Hashable, Sendable {
    package var id: MicrobatchID
    package var dispatched: Instant
    /// When the coordinator heard that the last stage was done with it.
    package var completed: Instant
    package var chunks: [ChunkSpan]
    /// One for each stage.
    package var stages: [StageTiming]

    package init(
        id: MicrobatchID, dispatched: Instant, completed: Instant, chunks: [ChunkSpan],
        stages: [StageTiming]
    ) {
        self.id = id
        self.dispatched = dispatched
        self.completed = completed
        self.chunks = chunks
        self.stages = stages
    }

    /// Tokens that were computed.
    package var tokenCount: Int {
        chunks.tokenCount
    }
}

/// The positions of one request that a microbatch computed.
package struct ChunkSpan: Hashable, Sendable {
    package var request: RequestID
    package var positions: Range<Int>

    package init(request: RequestID, positions: Range<Int>) {
        self.request = request
        self.positions = positions
    }
}

extension [ChunkSpan] {
    /// Tokens that were computed.
    var tokenCount: Int {
        reduce(0) { $0 + $1.positions.count }
    }
}
