import ChunkSizing
import Testing

@Suite("What is known of links")
struct LinkCostModelTests {
    private static let link = LinkCost(latency: 0.002, secondsPerToken: 4e-6)

    private static func seconds(_ tokens: Int) -> Double {
        link.latency + link.secondsPerToken * Double(tokens)
    }

    private static func isNear(_ cost: LinkCost?, _ expected: LinkCost) -> Bool {
        guard let cost else { return false }
        return abs(cost.latency - expected.latency) < 0.05 * expected.latency
            && abs(cost.secondsPerToken - expected.secondsPerToken)
                < 0.05 * expected.secondsPerToken
    }

    @Test("messages of different lengths tell latency and bandwidth, whatever strays there are")
    func strays() {
        var model = LinkCostModel()
        #expect(model.cost == nil)
        for round in 0..<5 {
            for tokens in [1, 64, 256, 1024, 4000] {
                let isStray = (round + tokens) % 5 == 0
                model.add(tokens: tokens, seconds: Self.seconds(tokens) * (isStray ? 30 : 1))
            }
        }
        #expect(Self.isNear(model.cost, Self.link))
    }

    @Test("a link that has become slower is followed, in bounded memory")
    func change() {
        var model = LinkCostModel(expecting: Self.link)
        #expect(Self.isNear(model.cost, Self.link))
        for _ in 0..<4 {
            for tokens in [16, 64, 256, 1024, 4096, 16_384] {
                model.add(tokens: tokens, seconds: 3 * Self.seconds(tokens))
            }
        }
        #expect(
            Self.isNear(
                model.cost, LinkCost(latency: 3 * 0.002, secondsPerToken: 3 * 4e-6)))
        let size = "\(model)".count
        for _ in 0..<1000 { model.add(tokens: 64, seconds: Self.seconds(64)) }
        #expect("\(model)".count < 2 * size)
    }

    @Test("clocks that differ change the latency alone, and no number breaks it")
    func skew() throws {
        var model = LinkCostModel()
        for tokens in [10, 100, 1000, 10_000] {
            model.add(tokens: tokens, seconds: Self.seconds(tokens) - 5)
        }
        let cost = try #require(model.cost)
        #expect(cost.latency == 0)
        #expect(abs(cost.secondsPerToken - 4e-6) < 1e-9)
        model.add(tokens: 0, seconds: 1)
        model.add(tokens: -1, seconds: 1)
        model.add(tokens: .max, seconds: .infinity)
        model.add(tokens: .max, seconds: 1)
        #expect(model.cost?.secondsPerToken.isFinite == true)
    }
}
