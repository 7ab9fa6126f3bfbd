import PipelineTypes
import Scheduling
import Simulation
import Testing

/// Random pipelines, workloads and faults; the checker looks at every event, and an oracle at every
/// request's output.
@Suite("Random runs")
struct RandomRunTests {
    #if DEBUG
    static let runs: UInt64 = 300
    #else
    static let runs: UInt64 = 10_000
    #endif
    private static let taskCount: UInt64 = 2

    @Test("whatever happens, pages are kept, and every request gets its output and one end")
    func randomRuns() async {
        let seen = await withTaskGroup { group in
            for task in 0..<Self.taskCount {
                group.addTask { Tally(seeds: task..<Self.runs, step: Self.taskCount) }
            }
            return await group.reduce(into: Tally()) { $0.add($1) }
        }
        for fault in seen.faults.prefix(5) { Issue.record("\(fault)") }
        // The runs must not pass for want of trouble.
        #expect(seen.totals.finishedRequests > Self.runs)
        #expect(seen.totals.stepBacks > Self.runs / 20)
        #expect(seen.totals.cachedTokens > Self.runs * 10)
        #expect(seen.totals.cancelledRequests > Self.runs / 10)
        #expect(seen.totals.rejectedRequests > Self.runs / 10)
        #expect(seen.losses > Self.runs / 20)
    }
}

/// What came out of many runs.
private struct Tally: Sendable {
    var faults: [String] = []
    var totals = SchedulerTotals()
    var eventCount = 0
    /// Pipelines that died with microbatches in them.
    var losses = 0

    init() {}

    init(seeds: Range<UInt64>, step: UInt64) {
        for seed in stride(from: seeds.lowerBound, to: seeds.upperBound, by: Int(step)) {
            note(seed: seed)
        }
    }

    private mutating func note(seed: UInt64) {
        let scenario = RandomScenario.scenario(seed: seed)
        do {
            var run = try SimulationRun(
                scenario,
                scheduler: WatchedScheduler(
                    Scheduler(
                        limits: scenario.limits, costs: scenario.knownCosts,
                        links: scenario.knownLinks)),
                keepsTimeline: false, eventCountMax: 1_000_000)
            let report = run.run()
            faults += report.violations.map { "seed \(seed): \($0)" }
            if let reason = report.givenUp { faults.append("seed \(seed): \(reason)") }
            for transcript in run.scheduler.transcripts {
                guard let fault = Oracle.fault(of: transcript, limits: scenario.limits) else {
                    continue
                }
                faults.append("seed \(seed), request \(transcript.request.id.rawValue): \(fault)")
            }
            add(report.totals)
            eventCount += report.eventCount
            losses += run.scheduler.lossCount
        } catch {
            faults.append("seed \(seed): \(error)")
        }
    }

    mutating func add(_ other: Tally) {
        faults += other.faults
        eventCount += other.eventCount
        losses += other.losses
        add(other.totals)
    }

    private mutating func add(_ other: SchedulerTotals) {
        totals.stepBacks += other.stepBacks
        totals.cachedTokens += other.cachedTokens
        totals.cancelledRequests += other.cancelledRequests
        totals.rejectedRequests += other.rejectedRequests
        totals.finishedRequests += other.finishedRequests
        totals.generatedTokens += other.generatedTokens
        totals.microbatches += other.microbatches
    }
}
