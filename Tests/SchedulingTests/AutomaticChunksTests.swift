import ChunkSizing
import PipelineTypes
import Scheduling
import Testing

@Suite("Automatic chunks")
struct AutomaticChunksTests {
    private static let cost = PrefillCost(fixed: 0.002, linear: 50e-6, attention: 4e-9)

    private static func limits(stages: Int) -> ServingLimits {
        .test(
            stages: stages, depth: nil, pages: 2100, context: 1 << 17, chunking: .automatic,
            prefillTokensMax: 1 << 16)
    }

    @Test("a lone prompt is cut as well as can be", arguments: [1, 2, 4, 16])
    func lonePrompt(stages: Int) throws {
        var clockwork = Clockwork(
            limits: Self.limits(stages: stages),
            stages: [PrefillCost](repeating: Self.cost, count: stages), knownCosts: true)
        clockwork.submit(tokens: 65_536)
        clockwork.run()
        let best = OptimalChunks.schedule(
            in: FlowShop(stages: [PrefillCost](repeating: Self.cost, count: stages)),
            of: ChunkGrid(positions: 0..<65_536, pageSize: Page.size))
        #expect(clockwork.seconds <= best.makespan * 1.012)
    }

    @Test("unequal stages get other chunks, within two percent of the best")
    func unequalStages() throws {
        let stages = [1, 1.6, 1.2, 0.8].map(Self.cost.scaled(by:))
        var clockwork = Clockwork(
            limits: Self.limits(stages: 4), stages: stages, knownCosts: true)
        clockwork.submit(tokens: 32_768)
        clockwork.run()
        let best = OptimalChunks.schedule(
            in: FlowShop(stages: stages),
            of: ChunkGrid(positions: 0..<32_768, pageSize: Page.size))
        #expect(clockwork.seconds <= best.makespan * 1.02)
    }

    @Test("that chunks are chosen quickly costs half a percent at most")
    func quickPlans() throws {
        let stageSets: [[Double]] = [
            [1, 2], [2, 1], [1, 1.01], [1, 1.2, 1.4], [23, 23, 24, 24], [1, 1, 1, 2], [3, 1, 1, 2],
            [1, 1, 1, 1, 1, 1, 1, 1.1], [1, 1, 1, 1, 1, 1, 1, 1],
        ]
        var worst = (ratio: 0.0, place: "")
        for slowdowns in stageSets {
            for (length, fixed, prefix) in Self.prompts {
                let cost = PrefillCost(
                    fixed: fixed, linear: 50e-6, attention: 4e-9, prefix: prefix)
                let stages = slowdowns.map { cost.scaled(by: $0 / slowdowns[0]) }
                var clockwork = Clockwork(
                    limits: Self.limits(stages: stages.count), stages: stages, knownCosts: true)
                clockwork.submit(tokens: length)
                clockwork.run()
                let best = OptimalChunks.schedule(
                    in: FlowShop(stages: stages),
                    of: ChunkGrid(positions: 0..<length, pageSize: Page.size))
                let ratio = clockwork.seconds / best.makespan
                if ratio > worst.ratio {
                    worst = (ratio, "\(slowdowns), \(length) tokens, \(fixed) s, \(prefix) s")
                }
            }
        }
        print("auto as the server chooses, against a thorough search: worst \(worst)")
        #expect(worst.ratio <= 1.005)
    }

    /// Length, fixed cost, and what each position of the prefix costs.
    private static let prompts: [(Int, Double, Double)] = [
        (900, 0.002, 0), (5000, 0.0005, 0), (5000, 0.02, 1e-6), (16_384, 0.002, 0),
        (16_384, 0.002, 2e-6), (65_536, 0.001, 0), (65_536, 0.02, 1e-6), (120_000, 0.005, 0),
    ]

    @Test("costs are learnt from the first chunks, whatever these are")
    func learning() throws {
        let stages = [PrefillCost](repeating: Self.cost, count: 4)
        var clockwork = Clockwork(
            limits: Self.limits(stages: 4), stages: stages, knownCosts: false)
        clockwork.submit(tokens: 8192)
        clockwork.run()
        let before = clockwork.seconds
        clockwork.submit(tokens: 65_536)
        clockwork.run()
        let best = OptimalChunks.schedule(
            in: FlowShop(stages: stages), of: ChunkGrid(positions: 0..<65_536, pageSize: Page.size))
        #expect(clockwork.seconds - before <= best.makespan * 1.02)
        for estimate in clockwork.scheduler.status.stageCosts {
            let learnt = estimate.cost.seconds(tokens: 1024, after: 60_000)
            #expect(abs(learnt / Self.cost.seconds(tokens: 1024, after: 60_000) - 1) < 0.02)
        }
    }

    @Test("what stages do between two microbatches counts as a part of the fixed cost")
    func turnaround() {
        var clockwork = Clockwork(
            limits: Self.limits(stages: 2),
            stages: [PrefillCost](repeating: Self.cost, count: 2), knownCosts: false)
        clockwork.turnaround = 3 * Self.cost.fixed
        for _ in 0..<3 { clockwork.submit(tokens: 16_384) }
        clockwork.run()
        for estimate in clockwork.scheduler.status.stageCosts {
            #expect(abs(estimate.cost.fixed / (4 * Self.cost.fixed) - 1) < 0.1)
        }
    }

    @Test("when a stage slows down in mid-prompt, the chunks that follow change")
    func slowdown() throws {
        var clockwork = Clockwork(
            limits: Self.limits(stages: 4),
            stages: [PrefillCost](repeating: Self.cost, count: 4), knownCosts: true)
        clockwork.submit(tokens: 65_536)
        clockwork.run(microbatches: 20)
        clockwork.stages[2] = Self.cost.scaled(by: 2)
        clockwork.run()
        clockwork.submit(tokens: 65_536)
        let before = clockwork.seconds
        clockwork.run()
        let best = OptimalChunks.schedule(
            in: FlowShop(stages: clockwork.stages),
            of: ChunkGrid(positions: 0..<65_536, pageSize: Page.size))
        #expect(clockwork.seconds - before <= best.makespan * 1.02)
        let learnt = clockwork.scheduler.status.stageCosts[2].cost
        let ratio =
            learnt.seconds(tokens: 1024, after: 1024)
            / Self.cost.seconds(tokens: 1024, after: 1024)
        #expect(abs(ratio - 2) < 0.1)
    }

    @Test("there is no runt at a prompt's end")
    func noRunt() throws {
        for tokens in stride(from: 20_000, to: 21_000, by: 37) {
            var clockwork = Clockwork(
                limits: Self.limits(stages: 4),
                stages: [PrefillCost](repeating: Self.cost, count: 4), knownCosts: true)
            clockwork.submit(tokens: tokens)
            clockwork.run()
            let seconds = clockwork.chunks.map {
                Self.cost.seconds(tokens: $0.count, after: $0.lowerBound)
            }
            let mean = seconds.reduce(0, +) / Double(seconds.count)
            #expect(seconds.last! > mean * 0.5, "\(tokens) tokens")
        }
    }

    @Test("while somebody decodes, no microbatch takes long")
    func decodeGap() throws {
        var clockwork = Clockwork(
            limits: Self.limits(stages: 2),
            stages: [PrefillCost](repeating: Self.cost, count: 2), knownCosts: true)
        clockwork.submit(tokens: 100, generating: 5000)
        clockwork.run(microbatches: 4)
        clockwork.submit(tokens: 65_536)
        clockwork.run(microbatches: 400)
        let longest =
            clockwork.chunks.map {
                Self.cost.seconds(tokens: $0.count, after: $0.lowerBound)
            }.max() ?? 0
        #expect(longest <= 0.125)
        #expect(clockwork.chunks.contains { $0.upperBound == 65_536 })
    }

    @Test("the more prompts wait, the longer are the chunks")
    func crowd() throws {
        func firstChunk(prompts: Int) -> Int {
            var clockwork = Clockwork(
                limits: Self.limits(stages: 8),
                stages: [PrefillCost](repeating: Self.cost, count: 8), knownCosts: true,
                isReady: false)
            for _ in 0..<prompts { clockwork.submit(tokens: 8192) }
            clockwork.begin()
            clockwork.run()
            return clockwork.chunks[0].count
        }
        let lengths = [1, 4, 14].map(firstChunk)
        #expect(lengths[0] < lengths[1] && lengths[1] < lengths[2])
    }

    @Test(
        "prompts that wait are all done about as soon as with the best fixed size",
        arguments: [
            [Int](repeating: 2000, count: 50), (0..<40).map { 100 + $0 * 947 % 5900 },
            [65_536] + [Int](repeating: 400, count: 50), (0..<100).map { 50 + $0 * 331 % 750 },
            [20] + [Int](repeating: 30_000, count: 9),
        ])
    func queue(lengths: [Int]) throws {
        func seconds(_ chunking: ChunkingPolicy) -> Double {
            var limits = Self.limits(stages: 4)
            limits.chunking = chunking
            var clockwork = Clockwork(
                limits: limits, stages: [PrefillCost](repeating: Self.cost, count: 4),
                knownCosts: true, isReady: false)
            for length in lengths { clockwork.submit(tokens: length) }
            clockwork.begin()
            clockwork.run()
            #expect(clockwork.scheduler.isIdle)
            return clockwork.seconds
        }
        let fixed = [256, 512, 1024, 1536, 2048, 3072, 4096].map { seconds(.fixed(tokens: $0)) }
        #expect(try seconds(.automatic) <= #require(fixed.min()) * 1.02)
    }

    @Test("a row of equal prompts keeps the pipeline full", arguments: [2, 4, 9, 16, 32])
    func row(count: Int) throws {
        let cost = PrefillCost(fixed: 8.82e-3, linear: 4.457e-4, attention: 9.65e-9)
        func seconds(_ chunking: ChunkingPolicy) -> Double {
            var limits = Self.limits(stages: 4)
            limits.chunking = chunking
            var clockwork = Clockwork(
                limits: limits, stages: [PrefillCost](repeating: cost, count: 4),
                knownCosts: true, isReady: false)
            for _ in 0..<count { clockwork.submit(tokens: 8000) }
            clockwork.begin()
            clockwork.run()
            return clockwork.seconds
        }
        let fixed = [256, 512, 768, 1024].map { seconds(.fixed(tokens: $0)) }
        #expect(try seconds(.automatic) <= #require(fixed.min()) * 1.01)
    }

    @Test("a chat in front of a document has a microbatch of its own")
    func chatBeforeDocument() {
        var clockwork = Clockwork(
            limits: Self.limits(stages: 8),
            stages: [PrefillCost](repeating: Self.cost, count: 8), knownCosts: true,
            isReady: false)
        for length in [200, 65_536] { clockwork.submit(tokens: length) }
        clockwork.begin()
        clockwork.run()
        #expect(clockwork.microbatchCount == clockwork.chunks.count)
    }

    @Test("short prompts that wait together share microbatches")
    func shortPrompts() throws {
        var clockwork = Clockwork(
            limits: Self.limits(stages: 2),
            stages: [PrefillCost](repeating: Self.cost, count: 2), knownCosts: true,
            isReady: false)
        for _ in 0..<16 { clockwork.submit(tokens: 20) }
        clockwork.begin()
        clockwork.run()
        #expect(clockwork.chunks.count == 16)
        #expect(clockwork.microbatchCount < 12)
    }

    @Test("dynamic chunks follow the rule with what the first stage takes")
    func dynamic() throws {
        var limits = Self.limits(stages: 2)
        limits.chunking = .dynamic(tokens: 4096, smoothingFactor: 1)
        var clockwork = Clockwork(
            limits: limits, stages: [PrefillCost](repeating: Self.cost, count: 2),
            knownCosts: true)
        clockwork.submit(tokens: 60_000)
        clockwork.run()
        let rule = DynamicChunking(
            chunkSize: 4096, smoothingFactor: 1, pageSize: Page.size, contextLength: 1 << 17,
            prefillTokensMax: 1 << 16,
            curve: QuadraticCurve(
                quadratic: Self.cost.attention, linear: Self.cost.linear,
                constant: Self.cost.fixed))
        let cuts = ChunkGrid(positions: 0..<60_000, pageSize: Page.size).cuts(rule.chunkTokens)
        #expect(clockwork.chunks.map(\.upperBound) == Array(cuts.dropFirst()))
    }
}
