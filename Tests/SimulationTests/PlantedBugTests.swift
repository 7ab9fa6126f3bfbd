import PipelineTypes
import Scheduling
import Simulation
import Testing

/// The checker must notice what it is there for.
@Suite("A planted bug is caught")
struct PlantedBugTests {
    private static let scenario = Scenario.uniform(
        stages: 3, limits: .simulated(stages: 3, pages: 40, chunking: .fixed(tokens: 128)),
        RequestSource(
            count: 8, arrivals: .poisson(perSecond: 200), promptTokens: 200...500,
            outputTokens: 2...20))

    private static let named: [(SabotagedScheduler.Bug, String)] = [
        (.freesPageTwice, "pages, the scheduler"),
        (.handsOutPageTwice, "which another request uses"),
        (.keepsPage, "used pages are not the 40 that there are"),
        (.swapsPages, "holds something else"),
        (.losesCompletion, "microbatches are in flight, the scheduler has"),
        (.losesMicrobatch, "microbatches are in flight, the scheduler has"),
        (.losesChunk, "came back with"),
        (.computesOtherToken, "have other tokens"),
        (.skipsPosition, "do not follow position"),
        (.deliversTokenTwice, "has the token"),
        (.losesToken, "have other tokens"),
        (.endsTwice, "is told something after its end"),
        (.neverEnds, "requests have not ended, the scheduler has"),
        (.forgetsRequest, "requests have not ended, the scheduler has"),
        (.endsWithoutReason, "is cancelled, though its client waits"),
    ]

    private static func violations(
        of bug: SabotagedScheduler.Bug, in scenario: Scenario
    ) throws -> [String] {
        let scheduler = SabotagedScheduler(
            Scheduler(
                limits: scenario.limits, costs: scenario.knownCosts, links: scenario.knownLinks),
            bug)
        var run = try SimulationRun(scenario, scheduler: scheduler)
        return run.run().violations
    }

    @Test("without one, all is well")
    func soundScheduler() throws {
        #expect(try Self.scenario.simulate().violations == [])
    }

    @Test("and named", arguments: named)
    func bug(_ bug: SabotagedScheduler.Bug, what: String) throws {
        let violations = try Self.violations(of: bug, in: Self.scenario)
        #expect(violations.contains { $0.contains(what) }, "\(violations)")
    }

    @Test("in random runs too", arguments: SabotagedScheduler.Bug.allCases)
    func randomRuns(bug: SabotagedScheduler.Bug) throws {
        // A pool that is told to free a page twice traps if it gets that far.
        guard bug != .freesPageTwice else { return }
        var chances = 0
        var caught = 0
        for seed in 0..<200 as Range<UInt64> {
            let scenario = RandomScenario.scenario(seed: seed)
            let scheduler = SabotagedScheduler(
                Scheduler(
                    limits: scenario.limits, costs: scenario.knownCosts,
                    links: scenario.knownLinks),
                bug)
            var run = try SimulationRun(scenario, scheduler: scheduler, keepsTimeline: false)
            let isCaught = !run.run().violations.isEmpty
            #expect(!isCaught || run.scheduler.hasStruck, "seed \(seed)")
            chances += run.scheduler.hasStruck ? 1 : 0
            caught += isCaught ? 1 : 0
        }
        #expect(chances >= 20)
        #expect(caught >= (bug.isOftenHarmless ? chances * 4 / 5 : chances))
    }
}

extension SabotagedScheduler.Bug {
    /// Pages of one chunk's request may be any, two requests may have the same page one after the
    /// other, and the client may have gone away.
    fileprivate var isOftenHarmless: Bool {
        [.swapsPages, .handsOutPageTwice, .endsWithoutReason].contains(self)
    }
}
