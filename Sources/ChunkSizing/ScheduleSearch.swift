/// Cuts for stages that differ, or that have something to do already: no formula is exact, so
/// schedules of a family are tried, and the best of them are improved cut by cut.
///
/// The family: chunks that take equal times on the slowest stage, but for the first and last ones.
/// Small chunks at the beginning reach a slow stage early; small chunks at the end leave it early.
///
/// How fast they may grow: let stages before the slowest take t for a chunk, and g·t for the next.
/// On any way to the slowest stage the next one arrives at most (g − 1)·Σ t + max t later, which is
/// no longer than the t* for which that stage is busy as long as g ≤ 1 + (t* − max t)/Σ t. Where
/// chunks are few, it may pay to let it wait, and grow by t*/max t. After the slowest stage the
/// same holds backwards.
struct ScheduleSearch {
    private let pipeline: FlowShop
    private let grid: ChunkGrid
    private let slowest: PrefillCost
    private let ramped: RampedCuts
    /// How chunks may begin before the slowest stage, and end after it.
    private let beginnings: [RampedCuts.Ramp]
    private let endings: [RampedCuts.Ramp]
    private let breadth: Breadth

    /// How much is tried.
    private struct Breadth {
        /// Ramps' first chunks; fewer where there are ramps on both sides.
        var shares = [0.85, 0.7, 0.6, 0.5, 0.35, 0.25, 0.18, 0.12, 0.06, 0.03]
        var sharesOfBoth: [Double]
        /// Factors between numbers of chunks, and how many of them to go up and down.
        var walks: [(factor: Double, reach: Int)]
        /// How many numbers and sizes of even chunks to go up and down.
        var evenReach: Int
        /// Of chunks that are rounded by themselves.
        var stretches: [Double]
        /// Schedules that are improved: the best one does not always stay the best.
        var improvedCount: Int
        /// Chunks that each improvement may look at.
        var improvementBudget: Int

        static let thorough = Breadth(
            sharesOfBoth: [0.85, 0.7, 0.6, 0.5, 0.35, 0.25, 0.18, 0.12, 0.06, 0.03],
            walks: [(1.5, 8), (1.12, 4), (1.03, 4)], evenReach: 12,
            stretches: (-5...5).map { 1 + 0.02 * Double($0) }, improvedCount: 24,
            improvementBudget: 40_000)
        static let quick = Breadth(
            sharesOfBoth: [0.5, 0.18], walks: [(1.5, 3), (1.15, 2), (1.05, 2)], evenReach: 3,
            stretches: [0.95, 1, 1.05], improvedCount: 4, improvementBudget: 10_000)
    }

    init(pipeline: FlowShop, grid: ChunkGrid, effort: OptimalChunks.Effort) {
        self.pipeline = pipeline
        self.grid = grid
        let isSmall = grid.pageCount * pipeline.stages.count <= Self.smallPageCount
        breadth = effort == .thorough || isSmall ? .thorough : .quick
        let works = pipeline.stages.map { $0.work(grid.positions) + $0.fixed }
        let index = works.indices.max { works[$0] < works[$1] } ?? 0
        slowest = pipeline.stages[index]
        ramped = RampedCuts(stage: slowest, grid: grid)
        let before = Self.growths(works[index], beside: works[..<index])
        let after = Self.growths(works[index], beside: works[(index + 1)...])
        let shares = before.isEmpty || after.isEmpty ? breadth.shares : breadth.sharesOfBoth
        beginnings = Self.ramps(shares, before)
        endings = Self.ramps(shares, after)
    }

    /// So few pages, times stages, are searched thoroughly in less than a millisecond.
    private static let smallPageCount = 128
    private static let growthMax = 8.0

    private static func growths(_ slowest: Double, beside others: ArraySlice<Double>) -> [Double] {
        guard let longest = others.max(), slowest > longest * 1.01 else { return [] }
        guard longest > 0 else { return [growthMax] }
        let steady = min(growthMax, 1 + (slowest - longest) / others.reduce(0, +))
        let steep = min(growthMax, slowest / longest)
        return steep > steady ? [steady, steep] : [steady]
    }

    private static func ramps(_ shares: [Double], _ growths: [Double]) -> [RampedCuts.Ramp] {
        [.none] + growths.flatMap { growth in shares.map { .init(share: $0, growth: growth) } }
    }

    func run() -> ChunkSchedule {
        let even = bestCount(first: .none, last: .none)
        var schedules = evenSchedules(count: even.chunkCount)
        for first in beginnings {
            let ramps = endings.map { bestCount(first: first, last: $0) }
            schedules += ramps
            schedules += breadth.stretches.map { stretch in
                judge(
                    ramped.steppedCuts(
                        count: ramps[0].chunkCount, first: first, stretch: stretch))
            }
        }
        schedules.sort { $0.makespan < $1.makespan }
        var promising: [ChunkSchedule] = []
        for schedule in schedules where promising.count < breadth.improvedCount {
            if schedule.cuts != promising.last?.cuts { promising.append(schedule) }
        }
        let improved = promising.map { schedule in
            var improvement = CutImprovement(
                pipeline: pipeline, grid: grid, cuts: schedule.cuts,
                budget: breadth.improvementBudget)
            improvement.run()
            return ChunkSchedule(cuts: improvement.cuts, makespan: improvement.makespan)
        }
        return improved.min { $0.makespan < $1.makespan } ?? even
    }

    private func judge(_ cuts: [Int]) -> ChunkSchedule {
        ChunkSchedule(cuts: cuts, in: pipeline)
    }

    /// Tries numbers of chunks, geometrically, then ever closer to the best.
    private func bestCount(first: RampedCuts.Ramp, last: RampedCuts.Ramp) -> ChunkSchedule {
        var best = ChunkSchedule(cuts: [], makespan: .infinity)
        let followers = Double(max(1, pipeline.stages.count - 1))
        let overhead = max(slowest.fixed + pipeline.chunkPenalty, 1e-12)
        let ideal = (slowest.work(grid.positions) * followers / overhead).squareRoot()
        var middle = min(max(ideal, 1), Double(grid.pageCount))
        for (factor, reach) in breadth.walks {
            var nearest = middle
            var count = middle
            for _ in 0..<reach { count /= factor }
            for _ in 0...2 * reach {
                // Ramps of many chunks that fall on the same page are as good as shorter ones.
                let whole = min(max(Int(count.rounded()), grid.chunkCountMin), 2 * grid.pageCount)
                let schedule = judge(ramped.cuts(count: whole, first: first, last: last))
                if schedule.makespan < best.makespan {
                    best = schedule
                    nearest = count
                }
                count *= factor
            }
            middle = nearest
        }
        return best
    }

    /// Where chunks have few pages, how they are rounded matters more than how they grow: chunks
    /// whose longest is as short as pages allow, and chunks of equally many pages.
    private func evenSchedules(count: Int) -> [ChunkSchedule] {
        let equal = EqualTimeCuts(cost: slowest, grid: grid)
        let reach = breadth.evenReach
        let counts = (-reach...reach).map { count + $0 * max(1, count / (2 * reach)) }
            .filter { (grid.chunkCountMin...grid.pageCount).contains($0) }
        let pages = max(1, grid.pageCount / max(1, count))
        let sizes = (max(1, pages - reach)...pages + reach).map { $0 * grid.pageSize }
            .filter { $0 <= grid.chunkTokensMax }
        return counts.map { judge(equal.cuts(count: $0)) }
            + sizes.map { size in judge(grid.cuts { _ in size }) }
    }
}
