import ChunkSizing
import SeededRandom
import Testing

@Suite("A stage's cost, learnt from what it took") struct StageCostModelTests {
    private static let truth = PrefillCost(fixed: 0.002, linear: 40e-6, attention: 1.5e-9)
    private static let reading = PrefillCost(
        fixed: 0.002, linear: 40e-6, attention: 1.5e-9, prefix: 0.1e-6)

    /// Times as a stage of this cost might take them: a little off, and some by a lot.
    private static func samples(
        _ count: Int, of cost: PrefillCost = truth, outliers: Double = 0,
        using generator: inout SeededGenerator
    ) -> [PrefillSample] {
        (0..<count).map { _ in
            let tokens = 64 * Int.random(in: 1...32, using: &generator)
            let start = 64 * Int.random(in: 0...512, using: &generator)
            var seconds = cost.seconds(tokens: tokens, after: start)
            seconds *= Double.random(in: 0.98...1.02, using: &generator)
            if Double.random(in: 0...1, using: &generator) < outliers {
                seconds *= Double.random(in: 2...30, using: &generator)
            }
            return PrefillSample(tokens: tokens, after: start, seconds: seconds)
        }
    }

    private static func worstError(
        _ cost: PrefillCost, of truth: PrefillCost, after starts: [Int] = [0, 8192, 131_072]
    ) -> Double {
        var worst = 0.0
        for tokens in [64, 512, 4096] {
            for start in starts {
                let expected = truth.seconds(tokens: tokens, after: start)
                let found = cost.seconds(tokens: tokens, after: start)
                worst = max(worst, abs(found / expected - 1))
            }
        }
        return worst
    }

    @Test("is exact without noise", arguments: [truth, reading])
    func exact(truth: PrefillCost) throws {
        let kinds = [(64, 0), (512, 0), (512, 8192), (128, 4096), (64, 8192), (1024, 2048)]
        let samples = kinds.map { tokens, start in
            PrefillSample(
                tokens: tokens, after: start, seconds: truth.seconds(tokens: tokens, after: start))
        }
        let fit = try #require(PrefillCostFit(samples))
        #expect(Self.worstError(fit.cost, of: truth) < 1e-6)
        #expect(fit.relativeError < 1e-9)
    }

    @Test("bears noise and one sample in four that is far off") func robust() throws {
        for seed in UInt64(1)...20 {
            var generator = SeededGenerator(seed: seed)
            let samples = Self.samples(60, outliers: 0.25, using: &generator)
            let fit = try #require(PrefillCostFit(samples))
            #expect(Self.worstError(fit.cost, of: Self.truth) < 0.06, "seed \(seed)")
            #expect(fit.relativeError < 0.05, "seed \(seed)")
        }
    }

    @Test("learns what reading the prefix costs, as far as it has seen, and none that is not there")
    func prefixes() throws {
        for seed in UInt64(1)...20 {
            var generator = SeededGenerator(seed: seed)
            let reading = Self.samples(240, of: Self.reading, outliers: 0.25, using: &generator)
            let fit = try #require(PrefillCostFit(reading))
            let error = Self.worstError(fit.cost, of: Self.reading, after: [0, 8192, 32_768])
            #expect(error < 0.06, "seed \(seed)")
            let plain = Self.samples(240, outliers: 0.25, using: &generator)
            let other = try #require(PrefillCostFit(plain))
            #expect(other.cost.prefix < 0.1 * Self.reading.prefix, "seed \(seed)")
        }
    }

    @Test("has no negative cost, and none at all from samples that say nothing") func degenerate() {
        let same = Array(
            repeating: PrefillSample(tokens: 512, after: 0, seconds: 0.1), count: 20)
        if let fit = PrefillCostFit(same) {
            #expect(abs(fit.cost.seconds(tokens: 512, after: 0) - 0.1) < 1e-6)
        }
        #expect(PrefillCostFit([]) == nil)
        // Times that fall with the length.
        let falling = (1...20).map {
            PrefillSample(tokens: 64 * $0, after: 0, seconds: 0.1 / Double($0))
        }
        if let cost = PrefillCostFit(falling)?.cost {
            #expect(cost.fixed >= 0 && cost.linear >= 0 && cost.attention >= 0 && cost.prefix >= 0)
        }
    }

    @Test("follows a stage that slows down, and one that recovers, but no single sample")
    func drift() throws {
        var generator = SeededGenerator(seed: 5)
        var model = StageCostModel()
        for sample in Self.samples(200, using: &generator) { model.add(sample) }
        #expect(Self.worstError(try #require(model.cost), of: Self.truth) < 0.03)

        var stray = Self.samples(1, using: &generator)[0]
        stray.seconds *= 50
        model.add(stray)
        #expect(Self.worstError(try #require(model.cost), of: Self.truth) < 0.03)

        let slow = Self.truth.scaled(by: 2)
        for sample in Self.samples(24, of: slow, using: &generator) { model.add(sample) }
        #expect(Self.worstError(try #require(model.cost), of: slow) < 0.1)

        for sample in Self.samples(60, using: &generator) { model.add(sample) }
        #expect(Self.worstError(try #require(model.cost), of: Self.truth) < 0.1)
    }

    @Test("keeps no more than a bounded number of samples") func bounded() throws {
        var generator = SeededGenerator(seed: 6)
        var model = StageCostModel()
        for sample in Self.samples(20_000, using: &generator) { model.add(sample) }
        #expect(model.sampleCount < 2000)
        #expect(Self.worstError(try #require(model.cost), of: Self.truth) < 0.02)
    }
}
