import ChunkSizing
import SeededRandom
import Testing

@Suite("A layer partition by cost") struct CostPartitionTests {
    private typealias Stage = CostPartition.Stage

    @Test("is the plain rule where stages are equal")
    func equal() throws {
        for (layers, stages) in [(61, 4), (30, 7), (94, 8), (5, 5), (32, 1)] {
            let equal = [Stage](repeating: Stage(layerSeconds: 0.3), count: stages)
            let plain = (0..<stages).map {
                layers / stages + ($0 >= stages - layers % stages ? 1 : 0)
            }
            #expect(CostPartition(layers: layers, stages: equal)?.layerCounts == plain)
        }
    }

    @Test("is the best of all partitions")
    func exhaustive() throws {
        for seed in UInt64(1)...200 {
            var random = SeededGenerator(seed: seed)
            let stages = (0..<3).map { _ in
                Stage(
                    layerSeconds: .random(in: 0.5...3, using: &random),
                    extraSeconds: .random(in: 0...4, using: &random),
                    layersMax: .random(in: 1...12, using: &random))
            }
            var best: Double?
            for first in 1...10 {
                for second in 1...10 where first + second < 12 {
                    let counts = [first, second, 12 - first - second]
                    guard zip(stages, counts).allSatisfy({ $0.layersMax >= $1 }) else { continue }
                    let seconds = zip(stages, counts).map {
                        $0.extraSeconds + $0.layerSeconds * Double($1)
                    }.max()!
                    best = min(best ?? .infinity, seconds)
                }
            }
            let found = CostPartition(layers: 12, stages: stages)
            #expect((found == nil) == (best == nil), "seed \(seed)")
            if let found, let best {
                #expect(abs(found.seconds - best) < 1e-9, "seed \(seed)")
                #expect(found.layerCounts.reduce(0, +) == 12)
            }
        }
    }

    @Test("follows a stage that has become slow, and no difference that is noise")
    func improvement() {
        let cost = PrefillCost(fixed: 0.001, linear: 1e-5, attention: 1e-9)
        let equal = [cost, cost, cost, cost]
        let counts = [8, 8, 8, 8]
        func improved(_ costs: [PrefillCost], _ counts: [Int], error: Double = 0) -> [Int]? {
            CostPartition.improvement(
                on: costs, error: error, layerCounts: counts, positions: 0..<8192)
        }
        #expect(improved(equal, counts) == nil)
        #expect(improved([cost, cost.scaled(by: 1.03), cost, cost], counts) == nil)
        #expect(improved([cost, cost.scaled(by: 2), cost, cost], counts) == [9, 4, 9, 10])
        #expect(improved([cost, cost.scaled(by: 2), cost, cost], counts, error: 0.3) == nil)
        // Once followed, it stays.
        let followed = [9, 8, 9, 10].map { cost.scaled(by: Double($0) / 8) }
        #expect(improved(followed, [9, 4, 9, 10]) == nil)
    }

    @Test("is none where there are more stages than layers, or no room")
    func impossible() {
        #expect(
            CostPartition(layers: 1, stages: [Stage(layerSeconds: 1), Stage(layerSeconds: 1)])
                == nil)
        #expect(CostPartition(layers: 5, stages: [Stage(layerSeconds: 1, layersMax: 4)]) == nil)
        #expect(CostPartition(layers: 5, stages: []) == nil)
    }
}
