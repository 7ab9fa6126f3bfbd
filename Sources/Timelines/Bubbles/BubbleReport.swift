package import PipelineTypes

/// What each stage did with the time of a run, from the first dispatch to the last completion. A
/// stage's times add up to the run's, to the nanosecond, whatever the timeline holds: work outside
/// the run does not count, and work that overlaps counts once.
package struct BubbleReport: Hashable, Sendable {
    package let source: Timeline.Source
    package let microbatchCount: Int
    /// Earlier microbatches that the timeline does not hold.
    package let droppedCount: Int
    package let tokenCount: Int
    package let requestCount: Int
    /// The first dispatch.
    package let began: Instant
    /// The last completion.
    package let ended: Instant
    /// One for each stage.
    package let stages: [StageUse]
    /// The longest time in which something was in flight and no stage computed.
    package let allIdleNanosecondsMax: Int64
    /// The longest bubbles with something in flight, the longest first; at most
    /// `longestBubblesMax`.
    package let longestBubbles: [Bubble]

    package static let longestBubblesMax = 10

    /// Each microbatch has a timing for every stage. Takes O(n · (log n + P)) for n timings on P
    /// stages: a stage's bubbles are divided by what the other stages compute.
    package init(_ timeline: Timeline) {
        source = timeline.source
        microbatchCount = timeline.microbatches.count
        droppedCount = timeline.droppedCount
        tokenCount = timeline.microbatches.reduce(0) { $0 + $1.tokenCount }
        requestCount = timeline.requestCount
        let run = timeline.run
        began = Instant(nanoseconds: run.lowerBound)
        ended = Instant(nanoseconds: run.upperBound)
        let flights = Flights(timeline)
        var longest = LongestBubbles(countMax: Self.longestBubblesMax)
        stages = (0..<timeline.stageCount).map { stage in
            var sweep = StageSweep(timeline, stage: stage, flights: flights)
            sweep.divideRun()
            for bubble in sweep.longest.bubbles { longest.note(bubble) }
            return sweep.use
        }
        longestBubbles = longest.bubbles
        allIdleNanosecondsMax = flights.longestIdle
    }
}

/// How one stage spent a run.
package struct StageUse: Hashable, Sendable {
    /// In which the stage computed.
    package internal(set) var busyNanoseconds: Int64 = 0
    private var bubbleNanoseconds: [Int64]

    init() {
        bubbleNanoseconds = [Int64](repeating: 0, count: BubbleCause.allCases.count)
    }

    /// Nanoseconds in which the stage was idle for this reason.
    package internal(set) subscript(cause: BubbleCause) -> Int64 {
        get { bubbleNanoseconds[cause.index] }
        set { bubbleNanoseconds[cause.index] = newValue }
    }

    /// The run.
    package var totalNanoseconds: Int64 {
        busyNanoseconds + bubbleNanoseconds.reduce(0, +)
    }

    package var busyShare: Double {
        share(busyNanoseconds)
    }

    /// The part of the run in which the stage was idle for this reason.
    package func share(of cause: BubbleCause) -> Double {
        share(self[cause])
    }

    private func share(_ nanoseconds: Int64) -> Double {
        totalNanoseconds > 0 ? Double(nanoseconds) / Double(totalNanoseconds) : 0
    }
}

/// A time in which one stage was idle for one reason.
package struct Bubble: Hashable, Sendable {
    package let stage: Int
    package let cause: BubbleCause
    package let began: Instant
    package internal(set) var ended: Instant
    /// The microbatch that the stage computed next.
    package let next: MicrobatchID?

    package var nanoseconds: Int64 {
        ended.nanoseconds - began.nanoseconds
    }
}

extension BubbleReport {
    package var seconds: Double {
        Double(ended.nanoseconds - began.nanoseconds) / 1e9
    }

    package var allIdleSecondsMax: Double {
        Double(allIdleNanosecondsMax) / 1e9
    }

    /// The part of the run in which each stage computed.
    package var busyShares: [Double] {
        stages.map(\.busyShare)
    }

    /// The part of all stages' time that was bubbles.
    package var bubbleShare: Double {
        guard !stages.isEmpty, seconds > 0 else { return 0 }
        return 1 - busyShares.reduce(0, +) / Double(stages.count)
    }
}

extension Timeline {
    /// Nanoseconds from the first dispatch to the last completion; empty without microbatches.
    var run: Range<Int64> {
        guard let first = microbatches.lazy.map(\.dispatched.nanoseconds).min(),
            let last = microbatches.lazy.map(\.completed.nanoseconds).max(), last > first
        else { return 0..<0 }
        return first..<last
    }

    /// Requests of which the timeline holds chunks.
    var requestCount: Int {
        var seen: Set<RequestID> = []
        for microbatch in microbatches {
            for chunk in microbatch.chunks { seen.insert(chunk.request) }
        }
        return seen.count
    }
}
