import ChunkSizing
import Testing

@Suite("The bound on all schedules") struct LowerBoundTests {
    private static let pipelines: [[Double]] = [
        [1], [1, 1], [1, 1, 1, 1], [1, 2], [2, 1], [1, 3, 1], [4, 1, 4], [1, 1.3, 2, 1],
    ]

    private static func stages(
        _ speeds: [Double], fixed: Double, share: Double
    ) -> [PrefillCost] {
        let cost = PrefillCost(
            fixed: fixed, linear: (1 - share) / 1000, attention: share / 1_000_000)
        return speeds.map(cost.scaled(by:))
    }

    @Test("is below the best of all ways to cut, and not far") func isBelowAll() {
        for speeds in Self.pipelines {
            for (fixed, share) in [(0.0, 0.1), (0.01, 0.5), (0.3, 0.9)] {
                for positions in [0..<40, 0..<64, 0..<65, 0..<640, 0..<1000, 128..<900] {
                    for longest in [128, Int.max] {
                        let stages = Self.stages(speeds, fixed: fixed, share: share)
                        let grid = ChunkGrid(
                            positions: positions, pageSize: 64, chunkTokensMax: longest)
                        let best = Exhaustive.makespan(in: FlowShop(stages: stages), of: grid)
                        let bound = OptimalChunks.lowerBound(stages: stages, of: grid)
                        let what: Comment = "\(speeds) \(fixed) \(share) \(positions)"
                        #expect(bound <= best * (1 + 1e-12), what)
                        #expect(bound >= best * 0.75, what)
                    }
                }
            }
        }
    }

    @Test("is reached where there is one page, or chunks cost nothing but their tokens")
    func isReached() {
        let page = ChunkGrid(positions: 0..<60, pageSize: 64)
        let unequal = Self.stages([1, 2, 1], fixed: 0.1, share: 0.5)
        #expect(
            abs(
                OptimalChunks.lowerBound(stages: unequal, of: page)
                    - FlowShop(stages: unequal).makespan(cuts: [0, 60])) < 1e-12)
        let free = Self.stages([Double](repeating: 1, count: 64), fixed: 0, share: 0.3)
        let grid = ChunkGrid(positions: 0..<6400, pageSize: 64)
        let pages = FlowShop(stages: free).makespan(cuts: Array(stride(from: 0, to: 6401, by: 64)))
        let bound = OptimalChunks.lowerBound(stages: free, of: grid)
        #expect(abs(bound / pages - 1) < 1e-12)
    }

    @Test("is the closed form where pages do not matter") func closedForm() {
        let stages = Self.stages([1, 1, 1, 1, 1], fixed: 0.02, share: 0.4)
        let grid = ChunkGrid(positions: 0..<30_000, pageSize: 1)
        let work = stages[0].work(0..<30_000)
        let root = work.squareRoot() + (0.02 * 4).squareRoot()
        #expect(
            abs(OptimalChunks.lowerBound(stages: stages, of: grid) / (root * root) - 1) < 1e-5)
    }
}
