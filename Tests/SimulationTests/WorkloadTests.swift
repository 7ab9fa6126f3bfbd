import ChunkSizing
import PipelineTypes
import Scheduling
import Simulation
import Testing
import Timelines

@Suite("Workloads")
struct WorkloadTests {
    private static let fast = PrefillCost(fixed: 1e-6, linear: 0, attention: 0)

    @Test("arrivals of a Poisson process are as far apart as they should be")
    func poisson() throws {
        let report = try Scenario.uniform(
            stages: 1, cost: Self.fast,
            RequestSource(count: 20_000, arrivals: .poisson(perSecond: 50), promptTokens: 1...1)
        ).report()
        let times = report.requests.map(\.submitted)
        let gaps = zip(times, times.dropFirst()).map { $1.seconds(since: $0) }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        #expect(abs(mean - 0.02) < 0.0006)
        // An exponential distribution has e⁻¹ of its values above the mean, e⁻³ above thrice that.
        let long = gaps.count { $0 > 0.02 }
        let longest = gaps.count { $0 > 0.06 }
        #expect(abs(Double(long) / 20_000 - 0.3679) < 0.01)
        #expect(abs(Double(longest) / 20_000 - 0.0498) < 0.005)
    }

    @Test("a client of a closed loop thinks before it submits its next request")
    func closedLoop() throws {
        let report = try Scenario.uniform(
            stages: 2,
            RequestSource(
                count: 30, arrivals: .closedLoop(clients: 3, thinkSeconds: 0.25),
                promptTokens: 100...2000, outputTokens: 1...9)
        ).report()
        let ends = try report.requests.map { try #require($0.ended) }.sorted()
        let times = report.requests.map(\.submitted)
        #expect(times.count == 30)
        #expect(times[..<3].allSatisfy { $0 == Instant(nanoseconds: 0) })
        for (end, time) in zip(ends, times[3...]) {
            #expect(time.nanoseconds == end.nanoseconds + 250_000_000)
        }
    }

    @Test("back-to-back prompts keep every stage busy but for fill and drain")
    func backToBack() throws {
        let cost = PrefillCost(fixed: 1e-3, linear: 0, attention: 0)
        let report = try Scenario.uniform(
            stages: 4, cost: cost, RequestSource(count: 16, promptTokens: 4096...4096)
        ).report()
        #expect(report.makespanNanoseconds == (16 * 8 + 3) * 1e6)
        #expect(report.busySeconds.allSatisfy { abs($0 - 0.128) < 1e-9 })
        #expect(report.promptTokensPerSecond == 16 * 4096 / report.makespan)
        #expect(report.requestsPerSecond == 16 / report.makespan)
    }

    @Test("requests that begin alike take what they share out of the prefix cache")
    func sharedPrefix() throws {
        var source = RequestSource(
            count: 10, arrivals: .poisson(perSecond: 0.1), promptTokens: 1000...2000,
            sharedPrefix: SharedPrefix(tokens: 900...900))
        let shared = try Scenario.uniform(stages: 2, source).report()
        #expect(shared.requests.map(\.cachedTokens) == [0] + Array(repeating: 896, count: 9))
        source.sharedPrefix?.textCount = 1_000_000
        #expect(try Scenario.uniform(stages: 2, source).report().totals.cachedTokens == 0)
        source.sharedPrefix = nil
        #expect(try Scenario.uniform(stages: 2, source).report().totals.cachedTokens == 0)
    }

    @Test("decode steps go on while a long prompt is computed, at a bounded distance")
    func mixedDecode() throws {
        let stages = 4
        let cost = PrefillCost(fixed: 1e-3, linear: 1e-6, attention: 0)
        let limits = ServingLimits.simulated(stages: stages, chunking: .fixed(tokens: 1024))
        let chats = RequestSource(
            name: "chats", count: 8, promptTokens: 20...60, outputTokens: 300...300)
        var document = RequestSource.prompt(100_000)
        document.name = "document"
        document.arrivals = .together(at: 0.1)
        let alone = try Scenario.uniform(stages: stages, cost: cost, limits: limits, chats).report()
        let report = try Scenario.uniform(
            stages: stages, cost: cost, limits: limits, chats, document
        ).report()
        let latency = try #require(report.interTokenLatency)
        let latencyAlone = try #require(alone.interTokenLatency)
        // Alone: every stage has two of the eight steps at a time.
        #expect(abs(latencyAlone.median - 4 * (1e-3 + 2e-6)) < 1e-9)
        let slowest = 1e-3 + 1e-6 * (1024 + 2)
        let gapMax = Scheduler(limits: limits).decodeGapMax(decoders: 9)
        #expect(latency.max > latencyAlone.max)
        #expect(latency.max <= Double(gapMax + 1) * slowest)
        #expect(latency.count == 8 * 299)
        #expect(report.totals.finishedRequests == 9)
    }

    @Test("a stop token ends the generation")
    func stopTokens() throws {
        var source = RequestSource(count: 200, promptTokens: 10...10, outputTokens: 100...100)
        source.stopTokenCount = 410
        let report = try Scenario.uniform(stages: 1, source).report()
        let stopped = report.requests.count { request in
            if case .finished(.stopToken) = request.end { true } else { false }
        }
        // A tenth of the vocabulary: one in 38 000 gets through.
        #expect(stopped == 200)
        let mean = Double(report.totals.generatedTokens) / 200
        #expect(mean > 8 && mean < 12)
    }

    @Test("the longest queue turns the rest away")
    func fullQueue() throws {
        let report = try Scenario.uniform(
            stages: 1, limits: .simulated(stages: 1, running: 2, queued: 3),
            RequestSource(count: 9, promptTokens: 100...100)
        ).report()
        #expect(report.requests.count { $0.end == .rejected(.queueFull) } == 4)
        #expect(report.totals.finishedRequests == 5)
    }

    @Test("the times of a stage follow one another as real stages report them")
    func timings() throws {
        var scenario = Scenario.uniform(
            stages: 3,
            RequestSource(
                count: 20, arrivals: .poisson(perSecond: 30), promptTokens: 10...3000,
                outputTokens: 1...20))
        let link = SimulatedLink(latency: 1e-3, bytesPerSecond: 1e9, bytesPerToken: 4096)
        scenario.links = [link, link]
        for index in 0..<3 { scenario.stages[index].jitter = .uniform(share: 0.5) }
        let timeline = try #require(try scenario.report().timeline)
        #expect(timeline.source == .simulated && timeline.stageCount == 3)
        for stage in 0..<3 {
            var previous = Instant(nanoseconds: 0)
            for microbatch in timeline.microbatches {
                let timing = microbatch.stages[stage]
                #expect(timing.computeBegan == max(timing.received, previous))
                #expect(timing.computeBegan < timing.computeEnded)
                if stage > 0 {
                    let sent = microbatch.stages[stage - 1].computeEnded
                    #expect(timing.received.seconds(since: sent) > 1e-3)
                }
                previous = timing.computeEnded
            }
        }
    }

    @Test("jitter moves single times and keeps their middle")
    func jitter() throws {
        func factors(_ jitter: Jitter) throws -> [Double] {
            var scenario = Scenario.uniform(
                stages: 1, cost: PrefillCost(fixed: 1, linear: 0, attention: 0),
                RequestSource(count: 4000, promptTokens: 512...512))
            scenario.stages[0].jitter = jitter
            let timeline = try #require(try scenario.report().timeline)
            return timeline.microbatches.map {
                $0.stages[0].computeEnded.seconds(since: $0.stages[0].computeBegan)
            }.sorted()
        }
        let uniform = try factors(.uniform(share: 0.25))
        #expect(uniform[0] >= 0.75 && uniform[0] < 0.76)
        #expect(uniform[3999] <= 1.25 && uniform[3999] > 1.24)
        #expect(abs(uniform[2000] - 1) < 0.02)
        let logNormal = try factors(.logNormal(deviation: 0.5))
        #expect(abs(logNormal[2000] - 1) < 0.05)
        // e^0.5 is one deviation up: 15.9 % lie above it.
        #expect(abs(Double(logNormal.count { $0 > 1.6487 }) / 4000 - 0.159) < 0.02)
        #expect(try factors(.none).allSatisfy { $0 == 1 })
    }
}
