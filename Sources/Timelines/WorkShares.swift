internal import PipelineTypes

/// What all compute threads of a pipeline did while a run lasted, as shares of their time.
package struct WorkShares: Hashable, Sendable, Encodable {
    /// Matrix products.
    package var linear = 0.0
    package var attention = 0.0
    /// Work on single rows: norms, rotations, activations, sampling.
    package var elementwise = 0.0
    /// From when a stage was free and its next microbatch was there until it began: encoding,
    /// sending, orders.
    package var communication = 0.0
    /// The rest: threads that wait for each other, and stages for a microbatch.
    package var waiting = 0.0

    /// - Parameters:
    ///   - seconds: how long the run lasted.
    ///   - threadsPerStage: that computed.
    package init(_ timeline: Timeline, seconds: Double, threadsPerStage: Int) {
        guard seconds > 0, timeline.stageCount > 0 else { return }
        let threads = Double(threadsPerStage)
        let total = seconds * 1e9 * threads * Double(timeline.stageCount)
        for stage in 0..<timeline.stageCount {
            var free: Instant?
            for timing in timeline.microbatches.lazy.map({ $0.stages[stage] }) {
                let work = timing.work
                let computing =
                    Double(timing.computeEnded.nanoseconds)
                    - Double(timing.computeBegan.nanoseconds)
                linear += Double(work.linear) / total
                attention += Double(work.attention) / total
                elementwise +=
                    max(
                        0,
                        computing * threads
                            - Double(work.linear + work.attention + work.waiting)) / total
                let ready = max(timing.received, free ?? timing.received)
                let gap = Double(timing.computeBegan.nanoseconds) - Double(ready.nanoseconds)
                communication += max(0, gap) * threads / total
                free = timing.computeEnded
            }
        }
        waiting = max(0, 1 - linear - attention - elementwise - communication)
    }
}
