import Coordinator
import PipelineTypes

/// When the stages computed, over a run of microbatches.
struct Timeline {
    /// The share of the run in which each stage computed.
    let busyShares: [Double]
    /// The longest time within the run in which no stage computed.
    let allIdleSecondsMax: Double

    init(_ timings: [MicrobatchTiming]) {
        guard let first = timings.map(\.dispatched).min(),
            let last = timings.map(\.completed).max(), last > first
        else {
            busyShares = []
            allIdleSecondsMax = 0
            return
        }
        let stageCount = timings[0].stages.count
        let total = last.seconds(since: first)
        busyShares = (0..<stageCount).map { stage in
            timings.reduce(0) { sum, timing in
                let work = timing.stages[stage]
                return sum + work.computeEnded.seconds(since: work.computeBegan)
            } / total
        }
        let work = timings.flatMap(\.stages).sorted { $0.computeBegan < $1.computeBegan }
        var longest = 0.0
        var end = first
        for interval in work {
            longest = max(longest, interval.computeBegan.seconds(since: end))
            end = max(end, interval.computeEnded)
        }
        allIdleSecondsMax = longest
    }
}
