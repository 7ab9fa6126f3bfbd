import PipelineTypes

/// Goes through one stage's run from its beginning to its end and divides it as `BubbleCause` says.
struct StageSweep {
    private let timeline: Timeline
    private let stage: Int
    private var flights: FlightCursor
    private(set) var use = StageUse()
    private(set) var longest = LongestBubbles(countMax: BubbleReport.longestBubblesMax)
    /// The last bubble, which goes on if the next piece has the same cause.
    private var open: Bubble?

    init(_ timeline: Timeline, stage: Int, flights: Flights) {
        self.timeline = timeline
        self.stage = stage
        self.flights = FlightCursor(flights)
    }

    /// Divides the run; call it once.
    mutating func divideRun() {
        let run = timeline.run
        var idleSince = run.lowerBound
        for index in timeline.microbatches.indices {
            let work = timeline.microbatches[index].stages[stage].compute
                .clamped(to: idleSince..<run.upperBound)
            divide(idleSince..<work.lowerBound, before: index)
            use.busyNanoseconds += work.upperBound - work.lowerBound
            idleSince = work.upperBound
        }
        starve(idleSince..<run.upperBound, next: nil)
        noteOpen()
    }

    /// Divides the idle time before the stage computed a microbatch.
    private mutating func divide(_ gap: Range<Int64>, before index: Int) {
        guard !gap.isEmpty else { return }
        let microbatch = timeline.microbatches[index]
        let dispatch = microbatch.dispatched.nanoseconds.clamped(to: gap)
        var room = gap.lowerBound
        if let oldest = lastToLeave(before: index) {
            room = oldest.completed.nanoseconds.clamped(to: gap.lowerBound..<dispatch)
            follow(oldest.stages[...], gap.lowerBound..<room, next: microbatch.id)
        }
        starve(room..<dispatch, next: microbatch.id)
        var arrival = dispatch
        if stage > 0 {
            arrival = microbatch.stages[stage - 1].computeEnded.nanoseconds
                .clamped(to: dispatch..<gap.upperBound)
            if index == 0 || room < dispatch {
                add(.fill, dispatch..<arrival, next: microbatch.id)
            } else {
                follow(
                    microbatch.stages[..<stage], dispatch..<arrival, next: microbatch.id)
            }
        }
        add(.linkWait, arrival..<gap.upperBound, next: microbatch.id)
    }

    /// The microbatch whose completion made room for this one.
    private func lastToLeave(before index: Int) -> MicrobatchSpan? {
        guard let inFlightMax = timeline.microbatchesInFlightMax, index >= inFlightMax,
            inFlightMax > 0
        else { return nil }
        return timeline.microbatches[index - inFlightMax]
    }

    /// A time in which nothing came that the stage could have computed.
    private mutating func starve(_ time: Range<Int64>, next: MicrobatchID?) {
        for part in flights.cut(time) {
            add(part.isInFlight ? .drain : .noWork, part.time, next: next)
        }
    }

    /// A time that another microbatch spent on its way through these stages.
    private mutating func follow(
        _ timings: ArraySlice<StageTiming>, _ time: Range<Int64>, next: MicrobatchID
    ) {
        var start = time.lowerBound
        for timing in timings where start < time.upperBound {
            let work = timing.compute.clamped(to: start..<time.upperBound)
            guard !work.isEmpty else { continue }
            add(.linkWait, start..<work.lowerBound, next: next)
            add(.imbalance, work, next: next)
            start = work.upperBound
        }
        add(.linkWait, start..<time.upperBound, next: next)
    }

    private mutating func add(_ cause: BubbleCause, _ time: Range<Int64>, next: MicrobatchID?) {
        guard !time.isEmpty else { return }
        use[cause] += time.upperBound - time.lowerBound
        let end = Instant(nanoseconds: time.upperBound)
        if let bubble = open, bubble.cause == cause, bubble.next == next,
            bubble.ended.nanoseconds == time.lowerBound
        {
            open?.ended = end
        } else {
            noteOpen()
            open = Bubble(
                stage: stage, cause: cause, began: Instant(nanoseconds: time.lowerBound),
                ended: end, next: next)
        }
    }

    private mutating func noteOpen() {
        if let open { longest.note(open) }
        open = nil
    }
}

extension Int64 {
    /// The nearest value that is no less than the range's lower bound and no more than its upper.
    func clamped(to range: Range<Int64>) -> Int64 {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}

/// The longest of the bubbles that it was shown.
struct LongestBubbles {
    let countMax: Int
    /// The longest first; of equal ones the first shown.
    private(set) var bubbles: [Bubble] = []

    init(countMax: Int) {
        self.countMax = countMax
    }

    mutating func note(_ bubble: Bubble) {
        guard bubble.cause != .noWork else { return }
        if bubbles.count == countMax {
            guard let last = bubbles.last, last.nanoseconds < bubble.nanoseconds else { return }
            bubbles.removeLast()
        }
        let place = bubbles.firstIndex { $0.nanoseconds < bubble.nanoseconds } ?? bubbles.endIndex
        bubbles.insert(bubble, at: place)
    }
}
