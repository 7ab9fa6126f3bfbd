import PipelineTypes

/// The times in which something was in flight, in order and apart from each other.
struct Flights {
    let times: [Range<Int64>]

    init(_ timeline: Timeline) {
        var flights = timeline.microbatches.map { microbatch in
            let dispatched = microbatch.dispatched.nanoseconds
            return dispatched..<max(dispatched, microbatch.completed.nanoseconds)
        }
        flights.sort { $0.lowerBound < $1.lowerBound }
        var merged: [Range<Int64>] = []
        for flight in flights {
            if let last = merged.last, flight.lowerBound <= last.upperBound {
                let end = max(last.upperBound, flight.upperBound)
                merged[merged.count - 1] = last.lowerBound..<end
            } else {
                merged.append(flight)
            }
        }
        times = merged
    }

    /// The longest time with something in flight in which no stage computed, in nanoseconds.
    func longestIdle(_ timeline: Timeline) -> Int64 {
        var work: [Range<Int64>] = []
        work.reserveCapacity(timeline.microbatches.count * timeline.stageCount + 1)
        for microbatch in timeline.microbatches {
            for timing in microbatch.stages { work.append(timing.compute) }
        }
        work.sort { $0.lowerBound < $1.lowerBound }
        var longest: Int64 = 0
        var cursor = FlightCursor(self)
        var idleSince = Int64.min
        work.append(.max ..< .max)
        for interval in work {
            if interval.lowerBound > idleSince {
                for part in cursor.cut(idleSince..<interval.lowerBound) where part.isInFlight {
                    longest = max(longest, part.time.upperBound - part.time.lowerBound)
                }
            }
            idleSince = max(idleSince, interval.upperBound)
        }
        return longest
    }
}

/// Tells where something was in flight, for times that are asked for in order.
struct FlightCursor {
    struct Part {
        var time: Range<Int64>
        var isInFlight: Bool
    }

    private let times: [Range<Int64>]
    private var position = 0

    init(_ flights: Flights) {
        times = flights.times
    }

    /// Cuts a time, which begins no earlier than the last one asked for ended, into parts with
    /// something in flight and parts without.
    mutating func cut(_ time: Range<Int64>) -> [Part] {
        var parts: [Part] = []
        var start = time.lowerBound
        while start < time.upperBound {
            while position < times.count, times[position].upperBound <= start { position += 1 }
            guard position < times.count, times[position].lowerBound < time.upperBound else {
                break
            }
            let flight = times[position].clamped(to: start..<time.upperBound)
            if flight.lowerBound > start {
                parts.append(Part(time: start..<flight.lowerBound, isInFlight: false))
            }
            parts.append(Part(time: flight, isInFlight: true))
            start = flight.upperBound
        }
        if start < time.upperBound {
            parts.append(Part(time: start..<time.upperBound, isInFlight: false))
        }
        return parts
    }
}

extension StageTiming {
    /// Nanoseconds in which the stage computed.
    var compute: Range<Int64> {
        let began = computeBegan.nanoseconds
        return began..<max(began, computeEnded.nanoseconds)
    }
}
