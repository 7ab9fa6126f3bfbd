import ChunkSizing
import Testing

@Suite("The policy `auto`") struct OptimalChunksTests {
    /// A pipeline and a prompt.
    struct Combination: CustomStringConvertible {
        var stages: [Double]
        var length: Int
        /// Attention's share of the work at this length.
        var attentionShare: Double
        /// Seconds of a chunk's fixed cost.
        var fixed: Double
        /// Seconds of the whole prompt on one stage of speed 1.
        var work: Double
        /// What the last chunk reads of the prefix takes so many times the fixed cost, but less
        /// than its tokens.
        var reading = 0.0

        var description: String {
            "stages \(stages), length \(length), attention \(attentionShare), fixed \(fixed) s, "
                + "reading \(reading)"
        }

        func pipeline() -> FlowShop {
            let length = Double(length)
            let cost = PrefillCost(
                fixed: fixed, linear: work * (1 - attentionShare) / length,
                attention: work * attentionShare / (length * length),
                prefix: min(fixed * reading, work * (1 - attentionShare) / 2) / length)
            return FlowShop(stages: stages.map(cost.scaled(by:)))
        }
    }

    private static let shares = [0.01, 0.1, 0.3, 0.6, 0.95]

    /// Few pages, so that all ways to cut can be gone through.
    private static let small: [Combination] = {
        let pipelines: [[Double]] = [
            [1, 1], [1, 1, 1, 1], [1, 2], [2, 1], [1, 1.2, 1.1], [1, 3, 1], [4, 1, 4],
            [1, 1.3, 2, 1], [2, 1.5, 1.2, 1], [1, 1.2, 1.4, 1.6],
        ]
        return pipelines.flatMap { stages in
            shares.flatMap { share in
                [0.0001, 0.001, 0.01, 0.05, 0.2].map { fixed in
                    Combination(
                        stages: stages, length: (stages.count > 3 ? 20 : 28) * 64,
                        attentionShare: share, fixed: fixed, work: 1)
                }
            }
        }
    }()

    /// Unequal stages and more pages than all ways to cut could be gone through.
    private static let unequal: [Combination] = {
        let pipelines: [[Double]] = [
            [1, 1.1], [1.5, 1], [1, 1, 1.05, 1.05], [1, 1, 1.05, 1.053], [1.053, 1.05, 1, 1],
            [1.2, 1, 1.4, 1], [1, 2, 1, 1, 1, 1, 1, 1],
            (0..<16).map { 1 + 0.5 * Double($0 % 5) },
        ]
        return pipelines.flatMap { stages in
            [8192, 65_536].flatMap { length in
                shares.flatMap { share in
                    [0.001, 0.02].map { fixed in
                        Combination(
                            stages: stages, length: length, attentionShare: share, fixed: fixed,
                            work: 50e-6 * Double(length) / (1 - share))
                    }
                }
            }
        }
    }()

    /// Equal stages: the closed form bounds what any schedule can reach.
    private static let large: [Combination] = [1, 2, 4, 8, 16, 32].flatMap { count in
        [4096, 131_072, 1_048_576, 4_194_304].flatMap { length in
            shares.flatMap { share in
                [0.0001, 0.003, 0.1].map { fixed in
                    Combination(
                        stages: [Double](repeating: 1, count: count), length: length,
                        attentionShare: share, fixed: fixed,
                        work: 50e-6 * Double(length) / (1 - share))
                }
            }
        }
    }

    @Test("is within 1 % of the best of all ways to cut") func exhaustive() {
        var worst = (ratio: 0.0, place: "")
        for combination in Self.small {
            let pipeline = combination.pipeline()
            let grid = ChunkGrid(positions: 0..<combination.length, pageSize: 64)
            let schedule = OptimalChunks.schedule(in: pipeline, of: grid)
            expectSound(schedule, grid, in: pipeline)
            let ratio = schedule.makespan / Exhaustive.makespan(in: pipeline, of: grid)
            #expect(ratio <= 1.01, "\(combination)")
            if ratio > worst.ratio { worst = (ratio, "\(combination)") }
        }
        print("auto against all ways to cut, \(Self.small.count) cases: worst \(worst)")
    }

    @Test("is as good where every chunk reads its prefix") func reading() {
        var worst = (thorough: 0.0, quick: 0.0)
        for combination in Self.small where combination.fixed < 0.1 {
            var combination = combination
            combination.reading = 4
            let pipeline = combination.pipeline()
            let grid = ChunkGrid(positions: 0..<combination.length, pageSize: 64)
            let best = Exhaustive.makespan(in: pipeline, of: grid)
            let thorough = OptimalChunks.schedule(in: pipeline, of: grid)
            let quick = OptimalChunks.schedule(
                in: pipeline, of: grid, effort: .quick(tolerance: 0.03))
            expectSound(thorough, grid, in: pipeline)
            expectSound(quick, grid, in: pipeline)
            #expect(thorough.makespan <= best * 1.01, "\(combination)")
            #expect(quick.makespan <= best * 1.01, "\(combination)")
            #expect(
                OptimalChunks.lowerBound(stages: pipeline.stages, of: grid) <= best * (1 + 1e-12))
            worst.thorough = max(worst.thorough, thorough.makespan / best)
            worst.quick = max(worst.quick, quick.makespan / best)
        }
        for combination in Self.large where combination.length == 131_072 {
            var combination = combination
            combination.reading = 4
            let pipeline = combination.pipeline()
            let grid = ChunkGrid(positions: 0..<combination.length, pageSize: 64)
            let schedule = OptimalChunks.schedule(in: pipeline, of: grid)
            expectSound(schedule, grid, in: pipeline)
            #expect(
                schedule.makespan <= Rivals.bestFixed(pipeline, grid) * (1 + 1e-6),
                "\(combination)")
            #expect(
                schedule.makespan <= Rivals.bestDynamic(pipeline, grid) * (1 + 1e-6),
                "\(combination)")
        }
        print("auto where chunks read their prefix, against all ways to cut: worst \(worst)")
    }

    @Test("is found quickly with little loss") func quick() {
        var worst = (ratio: 0.0, place: "")
        for combination in Self.small + Self.large.filter({ $0.length <= 1_048_576 }) {
            let pipeline = combination.pipeline()
            let grid = ChunkGrid(positions: 0..<combination.length, pageSize: 64)
            let schedule = OptimalChunks.schedule(
                in: pipeline, of: grid, effort: .quick(tolerance: 0.03))
            expectSound(schedule, grid, in: pipeline)
            let best = OptimalChunks.schedule(in: pipeline, of: grid)
            let ratio = schedule.makespan / best.makespan
            #expect(ratio <= 1.01, "\(combination)")
            if ratio > worst.ratio { worst = (ratio, "\(combination)") }
        }
        print("auto, found quickly, against a thorough search: worst \(worst)")
    }

    @Test(
        "is within 1 % of the bound, or of what pages allow, and beats every setting of the others")
    func bounds() {
        var worst = (ratio: 0.0, place: "")
        var gains: (fixed: [Double], dynamic: [Double]) = ([], [])
        for combination in Self.large {
            let pipeline = combination.pipeline()
            let grid = ChunkGrid(positions: 0..<combination.length, pageSize: 64)
            let schedule = OptimalChunks.schedule(in: pipeline, of: grid)
            expectSound(schedule, grid, in: pipeline)
            let bound = Self.bound(pipeline, grid)
            let ratio = schedule.makespan / bound
            #expect(ratio <= 1.01, "\(combination)")
            if ratio > worst.ratio { worst = (ratio, "\(combination)") }

            let fixed = Rivals.bestFixed(pipeline, grid)
            let dynamic = Rivals.bestDynamic(pipeline, grid)
            // Numbers of chunks whose bounds differ by less are not told apart.
            #expect(schedule.makespan <= fixed * (1 + 1e-6), "\(combination)")
            #expect(schedule.makespan <= dynamic * (1 + 1e-6), "\(combination)")
            gains.fixed.append(fixed / schedule.makespan)
            gains.dynamic.append(dynamic / schedule.makespan)
        }
        print(
            """
            auto, \(Self.large.count) cases: worst \(worst) of the bound; \
            median gain over the best fixed size \(Self.median(gains.fixed)), \
            over dynamic at its best \(Self.median(gains.dynamic))
            """)
    }

    @Test("beats every setting of the others on unequal stages") func rivals() {
        var gains: (fixed: [Double], dynamic: [Double]) = ([], [])
        for combination in Self.unequal {
            let pipeline = combination.pipeline()
            let grid = ChunkGrid(positions: 0..<combination.length, pageSize: 64)
            let schedule = OptimalChunks.schedule(in: pipeline, of: grid)
            expectSound(schedule, grid, in: pipeline)
            let quick = OptimalChunks.schedule(
                in: pipeline, of: grid, effort: .quick(tolerance: 0.03))
            #expect(quick.makespan <= schedule.makespan * 1.01, "\(combination)")
            let fixed = Rivals.bestFixed(pipeline, grid)
            let dynamic = Rivals.bestDynamic(pipeline, grid)
            // Improvements end where a pass gains less.
            #expect(schedule.makespan <= min(fixed, dynamic) * (1 + 1e-6), "\(combination)")
            gains.fixed.append(fixed / schedule.makespan)
            gains.dynamic.append(dynamic / schedule.makespan)
        }
        print(
            """
            auto, \(Self.unequal.count) cases of unequal stages: median gain over the best fixed \
            size \(Self.median(gains.fixed)), over dynamic at its best \
            \(Self.median(gains.dynamic))
            """)
    }

    /// The closed form; where a page is a large part of a chunk, what the best cuts of pages into
    /// each number of chunks reach.
    private static func bound(_ pipeline: FlowShop, _ grid: ChunkGrid) -> Double {
        let cost = pipeline.stages[0]
        let count = pipeline.stages.count
        guard grid.positions.count <= 131_072 else {
            return OptimalChunks.lowerBound(stages: pipeline.stages, of: grid)
        }
        return PageGridOptimum(cost: cost, grid: grid).makespan(stageCount: count)
    }

    private static func median(_ values: [Double]) -> Double {
        values.sorted()[values.count / 2]
    }

    private func expectSound(
        _ schedule: ChunkSchedule, _ grid: ChunkGrid, in pipeline: FlowShop
    ) {
        #expect(schedule.cuts.first == grid.positions.lowerBound)
        #expect(schedule.cuts.last == grid.positions.upperBound)
        for chunk in schedule.chunks {
            #expect(!chunk.isEmpty && chunk.count <= grid.chunkTokensMax)
            #expect(chunk.lowerBound % grid.pageSize == 0)
        }
        #expect(
            abs(schedule.makespan - pipeline.makespan(cuts: schedule.cuts))
                <= 1e-9 * schedule.makespan)
    }
}
