import PipelineTypes

/// What the pipeline as a whole did.
struct Flights {
    /// Something was in flight.
    let inFlight: DisjointTimes
    /// Some stage computed.
    let computed: DisjointTimes

    init(_ timeline: Timeline) {
        inFlight = DisjointTimes(
            timeline.microbatches.map { microbatch in
                let dispatched = microbatch.dispatched.nanoseconds
                return dispatched..<max(dispatched, microbatch.completed.nanoseconds)
            })
        computed = DisjointTimes(
            timeline.microbatches.flatMap { $0.stages.lazy.map(\.compute) })
    }

    /// The longest time with something in flight in which no stage computed, in nanoseconds.
    var longestIdle: Int64 {
        var longest: Int64 = 0
        var cursor = TimeCursor(computed)
        for flight in inFlight.times {
            for part in cursor.cut(flight) where !part.isInside {
                longest = max(longest, part.time.upperBound - part.time.lowerBound)
            }
        }
        return longest
    }
}

extension StageTiming {
    /// Nanoseconds in which the stage computed.
    var compute: Range<Int64> {
        let began = computeBegan.nanoseconds
        return began..<max(began, computeEnded.nanoseconds)
    }
}
