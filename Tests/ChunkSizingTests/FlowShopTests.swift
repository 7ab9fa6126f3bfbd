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

    @Test("the inverse of a chunk's time is exact at every size", arguments: [0, 1e-6])
    func inverse(prefix: Double) {
        var cost = cost
        cost.prefix = prefix
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

    @Test("a chunk reads what is before it, whatever its own length") func prefix() {
        let reading = PrefillCost(fixed: 1, linear: 2, attention: 0, prefix: 0.5)
        #expect(reading.seconds(tokens: 3, after: 10) == 12)
        #expect(reading.overhead(after: 10) == 6 && reading.work(10..<13) == 6)
        #expect(FlowShop(stages: [reading]).makespan(cuts: [0, 4, 10]) == 24)
    }

    @Test("costs that are the same everywhere come near those that grow with the prefix")
    func averaged() {
        for attention in [0, 1e-9, 1e-6] {
            let cost = PrefillCost(fixed: 0.1, linear: 1e-3, attention: attention, prefix: 1e-4)
            for positions in [0..<10_000, 4096..<20_000] {
                let grid = ChunkGrid(positions: positions, pageSize: 1)
                // As much work in each.
                let even = PrefillCost(fixed: 0, linear: 1e-3, attention: attention)
                let share = even.work(positions) / 100
                let cuts = grid.cuts { Int(even.tokens(within: share, after: $0)) }
                let exact = FlowShop(stages: [cost]).makespan(cuts: cuts)
                let near = FlowShop(stages: [cost.averaged(over: positions)])
                #expect(abs(near.makespan(cuts: cuts) / exact - 1) < 0.01)
            }
        }
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
