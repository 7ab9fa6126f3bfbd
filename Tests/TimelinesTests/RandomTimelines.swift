import PipelineTypes
import SeededRandom
import Timelines

/// Timelines of pipelines that never were.
enum RandomTimelines {
    /// A pipeline that computes in order, each microbatch on one stage after the other; all times
    /// are a few nanoseconds.
    static func lawful(using random: inout SeededGenerator) -> Timeline {
        let stageCount = Int.random(in: 1...4, using: &random)
        let inFlightMax = stageCount + Int.random(in: 0...2, using: &random)
        let delayMax = Int64.random(in: 0...6, using: &random)
        var timeline = Timeline(
            source: .simulated, stageCount: stageCount,
            microbatchesInFlightMax: Bool.random(using: &random) ? inFlightMax : nil)
        var idleSince = [Int64](repeating: 0, count: stageCount)
        var (dispatched, completed) = (Int64(5), Int64(5))
        for index in 0..<Int.random(in: 1...12, using: &random) {
            if index >= inFlightMax {
                let oldest = timeline.microbatches[index - inFlightMax].completed.nanoseconds
                dispatched = max(dispatched, oldest)
            }
            // Now and then there is nothing to do.
            let pause = Int.random(in: 0..<4, using: &random) == 0 ? Int64(25) : 0
            dispatched += Int64.random(in: 0...pause, using: &random)
            var time = dispatched
            let stages = (0..<stageCount).map { stage in
                let arrived = time + Int64.random(in: 0...delayMax, using: &random)
                let began =
                    max(arrived, idleSince[stage]) + Int64.random(in: 0...delayMax, using: &random)
                time = began + Int64.random(in: 1...9, using: &random)
                idleSince[stage] = time
                return StageTiming(
                    received: Instant(nanoseconds: arrived),
                    computeBegan: Instant(nanoseconds: began),
                    computeEnded: Instant(nanoseconds: time), sendWaitNanoseconds: 0)
            }
            completed = max(completed, time) + Int64.random(in: 0...delayMax, using: &random)
            let start = 64 * index
            timeline.microbatches.append(
                MicrobatchSpan(
                    id: MicrobatchID(UInt64(index)), dispatched: Instant(nanoseconds: dispatched),
                    completed: Instant(nanoseconds: completed),
                    chunks: [ChunkSpan(request: RequestID(1), positions: start..<start + 64)],
                    stages: stages))
        }
        return timeline
    }

    /// Nothing holds but what the type says: stages may compute before the dispatch, at the same
    /// time, for no time, or out of order.
    static func lawless(using random: inout SeededGenerator) -> Timeline {
        let stageCount = Int.random(in: 1...6, using: &random)
        let span: Int64 = [10, 1000, 10_000_000_000].randomElement(using: &random) ?? 1
        let origin = Int64.random(in: -1_000_000...1_000_000_000_000, using: &random)
        var timeline = Timeline(
            source: Timeline.Source.allCases.randomElement(using: &random) ?? .measured,
            stageCount: stageCount,
            microbatchesInFlightMax: Bool.random(using: &random)
                ? Int.random(in: 1...2 * stageCount, using: &random) : nil,
            droppedCount: Int.random(in: 0...3, using: &random))
        var id = UInt64.random(in: 0...100, using: &random)
        for _ in 0..<Int.random(in: 0...30, using: &random) {
            id += UInt64.random(in: 1...3, using: &random)
            var instants = (0..<2).map { _ in origin + Int64.random(in: 0...span, using: &random) }
            instants.sort()
            timeline.microbatches.append(
                MicrobatchSpan(
                    id: MicrobatchID(id), dispatched: Instant(nanoseconds: instants[0]),
                    completed: Instant(nanoseconds: instants[1]),
                    chunks: chunks(using: &random),
                    stages: (0..<stageCount).map { _ in
                        timing(origin: origin, span: span, using: &random)
                    }))
        }
        return timeline
    }

    private static func timing(
        origin: Int64, span: Int64, using random: inout SeededGenerator
    ) -> StageTiming {
        let began = origin + Int64.random(in: -span / 4...span + span / 4, using: &random)
        let duration = Int64.random(in: 0...span / 5, using: &random)
        return StageTiming(
            received: Instant(nanoseconds: began - Int64.random(in: 0...span, using: &random)),
            computeBegan: Instant(nanoseconds: began),
            computeEnded: Instant(nanoseconds: began + duration),
            sendWaitNanoseconds: Int64.random(in: 0...span, using: &random))
    }

    private static func chunks(using random: inout SeededGenerator) -> [ChunkSpan] {
        (0..<Int.random(in: 0...8, using: &random)).map { _ in
            let start = Int.random(in: 0...1_000_000, using: &random)
            return ChunkSpan(
                request: RequestID(UInt64.random(in: 0...20, using: &random)),
                positions: start..<start + Int.random(in: 1...4096, using: &random))
        }
    }
}
