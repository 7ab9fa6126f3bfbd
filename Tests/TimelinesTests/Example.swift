import PipelineTypes
import Timelines

/// Timelines that a test writes down by hand.
enum Example {
    /// A microbatch of one chunk; `stages` holds when each one computed.
    static func microbatch(
        _ id: UInt64, from dispatched: Int64, to completed: Int64, _ stages: [Range<Int64>],
        request: UInt64 = 7, positions: Range<Int> = 0..<64
    ) -> MicrobatchSpan {
        MicrobatchSpan(
            id: MicrobatchID(id), dispatched: Instant(nanoseconds: dispatched),
            completed: Instant(nanoseconds: completed),
            chunks: [ChunkSpan(request: RequestID(request), positions: positions)],
            stages: stages.map { work in
                StageTiming(
                    received: Instant(nanoseconds: max(dispatched, work.lowerBound - 1)),
                    computeBegan: Instant(nanoseconds: work.lowerBound),
                    computeEnded: Instant(nanoseconds: work.upperBound), sendWaitNanoseconds: 0)
            })
    }

    static func timeline(_ microbatches: [MicrobatchSpan], inFlightMax: Int? = nil) -> Timeline {
        Timeline(
            source: .measured, stageCount: microbatches.first?.stages.count ?? 2,
            microbatchesInFlightMax: inFlightMax, microbatches: microbatches)
    }
}
