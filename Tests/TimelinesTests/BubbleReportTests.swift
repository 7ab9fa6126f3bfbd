import PipelineTypes
import SeededRandom
import Testing
import Timelines

@Suite("Bubbles and their causes")
struct BubbleReportTests {
    @Test("each stage's times add up to the run's, whatever the timeline holds")
    func exactSums() {
        for seed in UInt64(0)..<2000 {
            var random = SeededGenerator(seed: seed)
            let timeline = RandomTimelines.lawless(using: &random)
            let report = BubbleReport(timeline)
            let run = report.ended.nanoseconds - report.began.nanoseconds
            #expect(report.stages.count == timeline.stageCount, "seed \(seed)")
            #expect(report.stages.allSatisfy { $0.totalNanoseconds == run }, "seed \(seed)")
            #expect(report.stages.allSatisfy { $0.busyNanoseconds >= 0 }, "seed \(seed)")
            let causes = BubbleCause.allCases
            #expect(
                report.stages.allSatisfy { use in causes.allSatisfy { use[$0] >= 0 } },
                "seed \(seed)")
        }
    }

    @Test("every nanosecond of a pipeline has the cause that the definition gives it")
    func definition() {
        for seed in UInt64(0)..<3000 {
            var random = SeededGenerator(seed: seed)
            let timeline = RandomTimelines.lawful(using: &random)
            let report = BubbleReport(timeline)
            let oracle = BubbleOracle(timeline: timeline)
            for stage in 0..<timeline.stageCount {
                let use = report.stages[stage]
                let expected = oracle.nanoseconds(ofStage: stage)
                #expect(use.busyNanoseconds == expected.busy, "seed \(seed), stage \(stage)")
                for cause in BubbleCause.allCases {
                    #expect(
                        use[cause] == expected.idle[cause, default: 0],
                        "seed \(seed), stage \(stage), \(cause)")
                }
            }
            #expect(report.allIdleNanosecondsMax == oracle.longestIdle, "seed \(seed)")
        }
    }

    @Test("a prompt of two chunks fills, drains, and waits for the slower stage and the link")
    func prompt() {
        // Stage 1 takes twice as long as stage 0; a message takes 1.
        let report = BubbleReport(
            Example.timeline([
                Example.microbatch(0, from: 0, to: 32, [1..<11, 12..<31]),
                Example.microbatch(1, from: 0, to: 55, [11..<21, 33..<54]),
            ]))
        #expect(report.stages[0].busyNanoseconds == 20)
        #expect(report.stages[0][.linkWait] == 4, "before and after stages computed")
        #expect(report.stages[0][.drain] == 31)
        #expect(report.stages[1].busyNanoseconds == 40)
        #expect(report.stages[1][.fill] == 10)
        #expect(report.stages[1][.linkWait] == 5)
        #expect(report.stages[1][.drain] == 0)
        #expect(report.busyShares == [20.0 / 55, 40.0 / 55])
        #expect(report.allIdleNanosecondsMax == 2, "from 31 to 33")
        #expect(
            report.longestBubbles.first
                == report.longestBubbles.first { $0.stage == 0 && $0.cause == .drain })
        #expect(report.longestBubbles.first?.nanoseconds == 21)
        #expect(report.tokenCount == 128 && report.microbatchCount == 2)
    }

    @Test("a stage that waits for the one before while work is under way is out of balance")
    func imbalance() {
        let report = BubbleReport(
            Example.timeline([
                Example.microbatch(0, from: 0, to: 15, [0..<10, 10..<15]),
                Example.microbatch(1, from: 0, to: 30, [10..<22, 25..<30]),
            ]))
        #expect(report.stages[1][.fill] == 10)
        #expect(report.stages[1][.imbalance] == 7, "until stage 0 ended at 22")
        #expect(report.stages[1][.linkWait] == 3, "until it arrived at 25")
        #expect(
            report.longestBubbles.map(\.cause)
                == [.fill, .imbalance, .drain, .linkWait, .linkWait])
        #expect(report.longestBubbles[1].next == MicrobatchID(1))
        #expect(report.longestBubbles[1].began == Instant(nanoseconds: 15))
    }

    @Test("a full pipeline waits for its oldest microbatch: that is no drain")
    func fullPipeline() {
        let microbatches = [
            Example.microbatch(0, from: 0, to: 32, [0..<10, 10..<30]),
            Example.microbatch(1, from: 0, to: 60, [10..<20, 30..<50]),
            Example.microbatch(2, from: 32, to: 80, [33..<43, 50..<70]),
        ]
        let bounded = BubbleReport(Example.timeline(microbatches, inFlightMax: 2)).stages[0]
        #expect(bounded[.imbalance] == 12, "stage 1 computes from 20 until there is room at 32")
        #expect(bounded[.linkWait] == 11, "the next message, and word of the last")
        #expect(bounded[.drain] == 27, "from 43 to 70")
        let unbounded = BubbleReport(Example.timeline(microbatches)).stages[0]
        #expect(unbounded[.drain] == 39 && unbounded[.imbalance] == 0)
    }

    @Test("what a full pipeline could not take does not fill it, however late it is dispatched")
    func heldBack() {
        let use = BubbleReport(
            Example.timeline(
                [
                    Example.microbatch(0, from: 0, to: 30, [0..<2, 2..<4, 4..<30]),
                    Example.microbatch(1, from: 0, to: 60, [2..<4, 4..<6, 30..<58]),
                    Example.microbatch(2, from: 31, to: 90, [32..<36, 36..<40, 58..<88]),
                ], inFlightMax: 2)
        ).stages[1]
        #expect(use[.fill] == 2, "the first microbatch")
        #expect(use[.imbalance] == 24 + 4, "until there is room, and while stage 0 computes")
        #expect(use[.drain] == 1 + 48, "until the dispatch, and at the end")
    }

    @Test("a step that is dispatched as the last one comes back fills the last stage")
    func stepAfterStep() {
        let use = BubbleReport(
            Example.timeline([
                Example.microbatch(0, from: 0, to: 9, [0..<4, 5..<9]),
                Example.microbatch(1, from: 9, to: 18, [9..<13, 14..<18]),
            ])
        ).stages[1]
        #expect(use[.fill] == 8 && use[.linkWait] == 2 && use[.imbalance] == 0)
    }

    @Test("nobody fills or drains while all that is in flight is between two stages")
    func slowLink() {
        let report = BubbleReport(
            Example.timeline([
                Example.microbatch(0, from: 0, to: 1002, [0..<1, 1001..<1002]),
                Example.microbatch(1, from: 1002, to: 2004, [1002..<1003, 2003..<2004]),
            ]))
        #expect(report.stages[0][.linkWait] == 2000 && report.stages[0][.drain] == 2)
        #expect(report.stages[1][.linkWait] == 2000 && report.stages[1][.fill] == 2)
    }

    @Test("all stages behind a link that stalls wait for it")
    func stalledLink() {
        let stages = BubbleReport(
            Example.timeline([
                Example.microbatch(0, from: 0, to: 120, [0..<10, 100..<110, 110..<120])
            ])
        ).stages
        #expect(stages.map { $0[.linkWait] } == [90, 90, 90])
        #expect(stages.map { $0[.fill] } == [0, 10, 20])
        #expect(stages.map { $0[.drain] } == [20, 10, 0])
    }

    @Test("the steps of one request fill and drain, and between requests there is no work")
    func decode() {
        let report = BubbleReport(
            Example.timeline(
                [
                    Example.microbatch(0, from: 0, to: 10, [0..<4, 5..<9]),
                    Example.microbatch(1, from: 10, to: 20, [10..<14, 15..<19]),
                    Example.microbatch(2, from: 50, to: 60, [50..<54, 55..<59]),
                ], inFlightMax: 2))
        #expect(report.stages[0][.drain] == 12 && report.stages[0][.noWork] == 30)
        #expect(report.stages[1][.fill] == 12 && report.stages[1][.noWork] == 30)
        #expect(report.stages.map { $0[.linkWait] } == [6, 6])
        #expect(!report.longestBubbles.contains { $0.cause == .noWork })
    }

    @Test("without microbatches there is no run")
    func empty() {
        let report = BubbleReport(Timeline(source: .paced, stageCount: 3))
        #expect(report.stages.map(\.totalNanoseconds) == [0, 0, 0])
        #expect(report.busyShares == [0, 0, 0] && report.bubbleShare == 0)
        #expect(report.longestBubbles == [] && report.seconds == 0)
        #expect(report.stageTable.count == 4)
    }

    @Test("the ten longest bubbles are told, the longest first")
    func longest() {
        let microbatches = (0..<30).map { index in
            let start = Int64(index * 100)
            let length = Int64(1 + (index * 7) % 30)
            return Example.microbatch(
                UInt64(index), from: start, to: start + 90, [start..<start + 90 - length])
        }
        let longest = BubbleReport(Example.timeline(microbatches)).longestBubbles
        #expect(longest.map(\.nanoseconds) == [30, 29, 28, 27, 26, 25, 24, 23, 22, 21])
        #expect(longest.allSatisfy { $0.cause == .linkWait })
    }

    @Test("the tables say it in words")
    func tables() {
        var timeline = Example.timeline([
            Example.microbatch(
                0, from: 0, to: 15_000_000, [0..<10_000_000, 10_500_000..<15_000_000])
        ])
        timeline.source = .paced
        timeline.droppedCount = 2
        let report = BubbleReport(timeline)
        #expect(
            report.headline
                == "paced: 2 stages, 1 microbatch, 1 request, 64 tokens in 15 ms; "
                + "2 earlier microbatches not kept")
        #expect(
            report.stageTable == [
                ["stage", "busy", "fill", "drain", "imbalance", "link wait", "no work"],
                ["0", "66.7 %", "0.0 %", "30.0 %", "0.0 %", "3.3 %", "0.0 %"],
                ["1", "30.0 %", "66.7 %", "0.0 %", "0.0 %", "3.3 %", "0.0 %"],
            ])
        #expect(
            report.bubbleTable == [
                ["stage", "at", "lasted", "before microbatch", "cause"],
                ["1", "0 ns", "10 ms", "0", "fill"], ["0", "10.5 ms", "4.5 ms", "–", "drain"],
                ["0", "10 ms", "500 µs", "–", "link wait"],
                ["1", "10 ms", "500 µs", "0", "link wait"],
            ])
    }

    @Test(
        "durations are rounded, not cut",
        arguments: [
            (10_699_472_889, "10.7 s"), (1_499_500_000, "1.5 s"), (1_499_499_999, "1.499 s"),
            (999_999_999, "1000 ms"), (123_456_789, "123.5 ms"), (12_345, "12.35 µs"),
            (99_999_500_000, "100 s"), (999, "999 ns"), (1_000_000_000_000_000, "1000000 s"),
        ])
    func durations(nanoseconds: Int64, text: String) {
        let timeline = Example.timeline([Example.microbatch(0, from: 0, to: nanoseconds, [0..<1])])
        #expect(BubbleReport(timeline).duration == text)
    }
}

/// The definition of `BubbleCause`, instant by instant.
private struct BubbleOracle {
    let timeline: Timeline

    private var run: Range<Int64> {
        let first = timeline.microbatches.map(\.dispatched.nanoseconds).min() ?? 0
        let last = timeline.microbatches.map(\.completed.nanoseconds).max() ?? 0
        return first..<last
    }

    func nanoseconds(ofStage stage: Int) -> (busy: Int64, idle: [BubbleCause: Int64]) {
        var busy: Int64 = 0
        var idle: [BubbleCause: Int64] = [:]
        for time in run {
            if isComputing(stage, at: time) {
                busy += 1
            } else {
                idle[cause(stage, at: time), default: 0] += 1
            }
        }
        return (busy, idle)
    }

    var longestIdle: Int64 {
        var (longest, current) = (Int64(0), Int64(0))
        for time in run {
            let isIdle = !(0..<timeline.stageCount).contains { isComputing($0, at: time) }
            current = isIdle && isInFlight(at: time) ? current + 1 : 0
            longest = max(longest, current)
        }
        return longest
    }

    private func cause(_ stage: Int, at time: Int64) -> BubbleCause {
        let next = timeline.microbatches.indices.first { work($0, stage).lowerBound > time }
        if let next, time >= timeline.microbatches[next].dispatched.nanoseconds {
            guard isComputed(next, by: 0..<stage, at: time) else { return .linkWait }
            return endsWantOfWork(next, of: stage) ? .fill : .imbalance
        }
        guard isInFlight(at: time) else { return .noWork }
        guard (0..<timeline.stageCount).contains(where: { isComputing($0, at: time) }) else {
            return .linkWait
        }
        let oldest = next.flatMap(oldestInFlight)
        let isFull = oldest.map { time < completed($0) } ?? false
        return isFull ? .imbalance : .drain
    }

    /// Whether the stage had nothing to do when the microbatch was dispatched.
    private func endsWantOfWork(_ index: Int, of stage: Int) -> Bool {
        let dispatched = timeline.microbatches[index].dispatched.nanoseconds
        let idleSince = index == 0 ? Int64.min : work(index - 1, stage).upperBound
        let wasFull = oldestInFlight(before: index).map { completed($0) > idleSince } ?? false
        let isEmpty = (0..<index).allSatisfy { completed($0) <= dispatched }
        return dispatched >= idleSince && (!wasFull || isEmpty)
    }

    private func completed(_ index: Int) -> Int64 {
        timeline.microbatches[index].completed.nanoseconds
    }

    private func oldestInFlight(before index: Int) -> Int? {
        timeline.microbatchesInFlightMax.flatMap { index >= $0 ? index - $0 : nil }
    }

    private func work(_ index: Int, _ stage: Int) -> Range<Int64> {
        let timing = timeline.microbatches[index].stages[stage]
        return timing.computeBegan.nanoseconds..<timing.computeEnded.nanoseconds
    }

    private func isComputing(_ stage: Int, at time: Int64) -> Bool {
        timeline.microbatches.indices.contains { work($0, stage).contains(time) }
    }

    private func isComputed(_ index: Int, by stages: Range<Int>, at time: Int64) -> Bool {
        stages.contains { work(index, $0).contains(time) }
    }

    private func isInFlight(at time: Int64) -> Bool {
        timeline.microbatches.contains {
            $0.dispatched.nanoseconds <= time && time < $0.completed.nanoseconds
        }
    }
}
