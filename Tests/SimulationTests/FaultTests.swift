import ChunkSizing
import PipelineTypes
import Scheduling
import Simulation
import Testing
import Timelines

@Suite("Faults")
struct FaultTests {
    /// Six chunks of a millisecond, on each of three stages.
    private static let plain = Scenario.uniform(
        stages: 3, cost: PrefillCost(fixed: 1e-3, linear: 0, attention: 0),
        limits: .simulated(stages: 3, chunking: .fixed(tokens: 64)), .prompt(6 * 64))

    @Test("a prompt whose pipeline dies is computed again by the next one")
    func death() throws {
        var scenario = Self.plain
        scenario.faults = [.stageDies(stage: 1, at: 5.5e-3, downSeconds: 0.1)]
        let report = try scenario.report()
        #expect(report.makespanNanoseconds == 5.5e6 + 100e6 + 8e6)
        #expect(report.totals.finishedRequests == 1)
        #expect(report.requests[0].outputTokens == 1)
        // Three came back before, three were lost, six were computed anew.
        #expect(report.totals.microbatches == 12)
        #expect(report.timeline?.microbatches.count == 9)
    }

    @Test("the coordinator hears of a death, and of what came before it, after the latency")
    func deathAfterLatency() throws {
        var scenario = Self.plain
        scenario.controlLatency = 1e-3
        // The first chunk is computed at 4 ms, which the coordinator hears at 5 ms.
        scenario.faults = [.stageDies(stage: 0, at: 4.5e-3, downSeconds: 0)]
        let report = try scenario.report()
        #expect(report.timeline?.microbatches.first?.completed == Instant(nanoseconds: 5_000_000))
        // Another pipeline is there as soon as the coordinator has heard of the loss.
        #expect(report.makespanNanoseconds >= 5.5e6 + 10e6)
        #expect(report.totals.finishedRequests == 1)
    }

    @Test("a death while there is no pipeline changes nothing")
    func deathOfNothing() throws {
        var scenario = Self.plain
        scenario.faults = [.stageDies(stage: 1, at: 5.5e-3, downSeconds: 0.1)]
        let once = try scenario.report()
        scenario.faults.append(.stageDies(stage: 2, at: 50e-3, downSeconds: 1))
        #expect(try scenario.report().makespan == once.makespan)
    }

    @Test(
        "a stage that slows takes longer for what it has not yet computed",
        arguments: [
            (0, nil, 2), (0.5, nil, 1.5), (0.5, 0.75, 1.125), (2, nil, 1), (0.25, 9, 1.75),
        ] as [(Double, Double?, Double)])
    func slowdown(from: Double, to: Double?, expected: Double) throws {
        var scenario = Scenario.uniform(
            stages: 1, cost: PrefillCost(fixed: 1, linear: 0, attention: 0), .prompt(10))
        scenario.faults = [.stageSlows(stage: 0, factor: 2, from: from, to: to)]
        #expect(try scenario.report().makespan == expected)
    }

    @Test("slowdowns that overlap multiply")
    func slowdowns() throws {
        var scenario = Scenario.uniform(
            stages: 1, cost: PrefillCost(fixed: 1, linear: 0, attention: 0), .prompt(10))
        scenario.faults = [
            .stageSlows(stage: 0, factor: 2, from: 0, to: 1),
            .stageSlows(stage: 0, factor: 2, from: 0.5, to: nil),
        ]
        // 1/4 in the first half second, 1/8 in the second, then half as fast.
        #expect(try scenario.report().makespan == 1 + 2 * (1 - 0.25 - 0.125))
    }

    @Test("a link that stalls holds up the messages that it moves")
    func stall() throws {
        var scenario = Self.plain
        scenario.faults = [.linkStalls(link: 0, from: 2.5e-3, to: 4.5e-3)]
        // The third chunk leaves stage 0 at 3 ms and stage 1 at 5.5 in place of 4 ms.
        #expect(try scenario.report().makespanNanoseconds == 8e6 + 1.5e6)
        scenario.limits.asyncBatchDepth = 2
        scenario.links[0] = SimulatedLink(bytesPerSecond: 64e6, bytesPerToken: 1000)
        // A message takes 1 ms. The second, half moved, goes on at 4.5 ms.
        #expect(try scenario.report().makespanNanoseconds == 9e6 + 2e6)
    }

    @Test("a client that goes away is not waited for")
    func cancellation() throws {
        var scenario = Self.plain
        scenario.workload[0].cancellation = Cancellation(share: 1, after: 2.5e-3...2.5e-3)
        let report = try scenario.report()
        #expect(report.requests[0].end == .cancelled)
        #expect(report.requests[0].ended == Instant(nanoseconds: 2_500_000))
        #expect(report.makespanNanoseconds == 2.5e6)
        #expect(report.timeToFirstToken == nil)
    }

    @Test("where pages run out, requests step back and end all the same")
    func fewPages() throws {
        let report = try Scenario.uniform(
            stages: 2, limits: .simulated(stages: 2, pages: 8, chunking: .fixed(tokens: 128)),
            RequestSource(count: 12, promptTokens: 40...60, outputTokens: 150...200)
        ).report()
        #expect(report.totals.stepBacks > 0)
        #expect(report.totals.finishedRequests == 12)
    }

    @Test("a pipeline whose stage is slow for good is as slow as that stage")
    func slowStage() throws {
        var scenario = Self.plain
        scenario.workload = [.prompt(600 * 64)]
        scenario.faults = [.stageSlows(stage: 1, factor: 3, from: 0, to: nil)]
        #expect(try scenario.report().makespanNanoseconds == 600 * 3e6 + 2e6)
    }
}
