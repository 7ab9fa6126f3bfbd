import PipelineTypes

/// Goes through one stage's run from its beginning to its end and divides it as `BubbleCause` says.
struct StageSweep {
    private let timeline: Timeline
    private let stage: Int
    private var inFlight: TimeCursor
    private var computed: TimeCursor
    private(set) var use = StageUse()
    private(set) var longest = LongestBubbles(countMax: BubbleReport.longestBubblesMax)
    /// The last bubble, which goes on if the next piece has the same cause.
    private var open: Bubble?
    /// Of the microbatches before the one whose turn it is.
    private var lastCompletion = Int64.min

    init(_ timeline: Timeline, stage: Int, flights: Flights) {
        self.timeline = timeline
        self.stage = stage
        inFlight = TimeCursor(flights.inFlight)
        computed = TimeCursor(flights.computed)
    }

    /// Divides the run; call it once.
    mutating func divideRun() {
        let run = timeline.run
        var idleSince = run.lowerBound
        for (index, microbatch) in timeline.microbatches.enumerated() {
            let work = microbatch.stages[stage].compute
                .clamped(to: idleSince..<run.upperBound)
            divide(idleSince..<work.lowerBound, before: index)
            use.busyNanoseconds += work.upperBound - work.lowerBound
            idleSince = work.upperBound
            lastCompletion = max(lastCompletion, microbatch.completed.nanoseconds)
        }
        starve(idleSince..<run.upperBound, isFull: false, next: nil)
        noteOpen()
    }

    /// Divides the idle time before the stage computed a microbatch.
    private mutating func divide(_ gap: Range<Int64>, before index: Int) {
        guard !gap.isEmpty else { return }
        let microbatch = timeline.microbatches[index]
        let dispatched = microbatch.dispatched.nanoseconds
        let dispatch = dispatched.clamped(to: gap)
        let room = roomMade(for: index).clamped(to: gap.lowerBound..<dispatch)
        starve(gap.lowerBound..<room, isFull: true, next: microbatch.id)
        starve(room..<dispatch, isFull: false, next: microbatch.id)
        let hadNothing = dispatched >= gap.lowerBound
        let wasHeldBack = room > gap.lowerBound && lastCompletion > dispatched
        follow(
            microbatch, dispatch..<gap.upperBound,
            computed: hadNothing && !wasHeldBack ? .fill : .imbalance)
    }

    /// When the pipeline could take this microbatch.
    private func roomMade(for index: Int) -> Int64 {
        guard let inFlightMax = timeline.microbatchesInFlightMax, index >= inFlightMax,
            inFlightMax > 0
        else { return .min }
        return timeline.microbatches[index - inFlightMax].completed.nanoseconds
    }

    /// A time in which all that was in flight had passed the stage.
    private mutating func starve(_ time: Range<Int64>, isFull: Bool, next: MicrobatchID?) {
        for part in inFlight.cut(time) {
            guard part.isInside else {
                add(.noWork, part.time, next: next)
                continue
            }
            for piece in computed.cut(part.time) {
                let elsewhere: BubbleCause = isFull ? .imbalance : .drain
                add(piece.isInside ? elsewhere : .linkWait, piece.time, next: next)
            }
        }
    }

    /// A time that a microbatch spent on its way to the stage.
    /// - Parameter cause: while an earlier stage computed it.
    private mutating func follow(
        _ microbatch: MicrobatchSpan, _ time: Range<Int64>, computed cause: BubbleCause
    ) {
        var start = time.lowerBound
        for timing in microbatch.stages[..<stage] where start < time.upperBound {
            let work = timing.compute.clamped(to: start..<time.upperBound)
            guard !work.isEmpty else { continue }
            add(.linkWait, start..<work.lowerBound, next: microbatch.id)
            add(cause, work, next: microbatch.id)
            start = work.upperBound
        }
        add(.linkWait, start..<time.upperBound, next: microbatch.id)
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
