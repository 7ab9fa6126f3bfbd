import ChunkSizing
import Testing

@Suite("A pipeline's time") struct FlowShopTests {
    private let cost = PrefillCost(fixed: 0.01, linear: 1e-4, attention: 2e-8)

    @Test("of equal stages is the sum of the chunks' times and P − 1 times the longest")
    func proportionate() {
        let cuts = [0, 1024, 1536, 4096, 4100]
        let times = zip(cuts, cuts.dropFirst()).map { cost.seconds(tokens: $1 - $0, after: $0) }
        let pipeline = FlowShop(stages: Array(repeating: cost, count: 5))
        let expected = times.reduce(0, +) + 4 * (times.max() ?? 0)
        #expect(abs(pipeline.makespan(cuts: cuts) - expected) < 1e-12)
    }

    @Test("counts what is in flight") func ready() {
        let pipeline = FlowShop(stages: [cost, cost], ready: [0, 10])
        let time = cost.seconds(tokens: 512, after: 0)
        #expect(abs(pipeline.makespan(cuts: [0, 512]) - (10 + time)) < 1e-12)
    }

    @Test("the inverse of a chunk's time is exact at every size") func inverse() {
        for start in [0, 64, 100_000, 4_000_000] {
            for count in [1, 64, 5000, 1_000_000] {
                let seconds = cost.seconds(tokens: count, after: start)
                let found = cost.tokens(within: seconds, after: start)
                #expect(abs(found / Double(count) - 1) < 1e-9, "\(count) after \(start)")
            }
        }
        #expect(cost.tokens(within: 0.009, after: 0) == 0)
        #expect(PrefillCost.zero.tokens(within: 1, after: 0) == .infinity)
    }

    @Test("a chunk that is cut in two costs its fixed cost twice and nothing else") func additive()
    {
        let whole = cost.seconds(tokens: 3000, after: 500)
        let parts = cost.seconds(tokens: 1000, after: 500) + cost.seconds(tokens: 2000, after: 1500)
        #expect(abs(parts - whole - cost.fixed) < 1e-12)
    }

    @Test("no schedule has a runt tail") func noRunt() throws {
        for length in stride(from: 4096, to: 70_000, by: 997) {
            let pipeline = FlowShop(stages: Array(repeating: cost, count: 4))
            let grid = ChunkGrid(positions: 0..<length, pageSize: 64)
            let chunks = OptimalChunks.schedule(in: pipeline, of: grid).chunks
            let times = chunks.map { cost.seconds(tokens: $0.count, after: $0.lowerBound) }
            let page = cost.seconds(tokens: 64, after: length) - cost.fixed
            let last = try #require(times.last)
            let mean = times.reduce(0, +) / Double(times.count)
            #expect(last > mean - 2 * page, "\(length): \(chunks.map(\.count))")
        }
    }
}
