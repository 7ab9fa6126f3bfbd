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
struct ScheduleSearch<Pipeline: SchedulePipeline> {
    private let pipeline: Pipeline
    private let grid: ChunkGrid
    private let slowest: PrefillCost
    /// About as many chunks as are best; for equal stages, exactly.
    private let idealCount: Double
    /// The chunks that schedules may have.
    private let counts: ClosedRange<Int>
    private let ramped: RampedCuts
    private let beginnings: [RampedCuts.Ramp]
    private let endings: [RampedCuts.Ramp]
    private let breadth: SearchBreadth

    init(pipeline: Pipeline, grid: ChunkGrid, breadth: SearchBreadth) {
        self.pipeline = pipeline
        self.grid = grid
        let machines = pipeline.machines
        let works = machines.map { $0.seconds(grid.positions) }
        let index = works.indices.max { works[$0] < works[$1] } ?? 0
        slowest = machines[index]
        let followers = Double(max(1, pipeline.stages.count - 1))
        // A link has no fixed cost, but the stages beside it have.
        let overheads = machines.map { $0.averaged(over: grid.positions).fixed }
        let fixed = overheads[index] > 0 ? overheads[index] : overheads.max() ?? 0
        let overhead = max(fixed + pipeline.chunkPenalty, 1e-12)
        let ideal = (slowest.work(grid.positions) * followers / overhead).squareRoot()
        let task = SearchTask(
            pageCount: grid.pageCount, chunkCount: min(max(ideal, 1), Double(grid.pageCount)),
            works: works, slowest: index)
        let breadth = breadth.fitting(task)
        self.breadth = breadth
        counts = grid.chunkCounts(stageCount: works.count, stepsMax: Self.stepsMax)
        idealCount = min(task.chunkCount, Double(counts.upperBound))
        ramped = RampedCuts(stage: slowest, grid: grid)
        (beginnings, endings) = breadth.ramps(task)
    }

    /// Chunks, times stages, of the longest schedule that is looked at, in half a second.
    static var stepsMax: Int { 1 << 28 }

    /// - Parameter others: Cuts that are known to be good.
    func run(or others: [[Int]] = []) -> ChunkSchedule {
        let even = bestCount(
            first: .none, last: .none, around: idealCount, walks: breadth.walks)
        var schedules = evenSchedules(count: even.chunkCount) + others.map(judge)
        for first in beginnings {
            let ramps = endings.map { last in
                bestCount(
                    first: first, last: last,
                    around: breadth.rampWalks == nil ? idealCount : Double(even.chunkCount),
                    walks: breadth.rampWalks ?? breadth.walks)
            }
            schedules += ramps
            schedules += breadth.stretches.map { stretch in
                judge(
                    ramped.steppedCuts(
                        count: ramps[0].chunkCount, first: first, stretch: stretch))
            }
        }
        let improved = promising(of: schedules).map { schedule in
            var improvement = CutImprovement(
                pipeline: pipeline, grid: grid, cuts: schedule.cuts,
                breadth: breadth)
            improvement.run()
            return ChunkSchedule(cuts: improvement.cuts, makespan: improvement.makespan)
        }
        return (improved.isEmpty ? schedules : improved).min { $0.makespan < $1.makespan } ?? even
    }

    /// The best of them, of each number of chunks no more than a few.
    private func promising(of schedules: [ChunkSchedule]) -> [ChunkSchedule] {
        var promising: [ChunkSchedule] = []
        for schedule in schedules.sorted(by: { $0.makespan < $1.makespan })
        where promising.count < breadth.improvedCount {
            guard schedule.cuts != promising.last?.cuts else { continue }
            let alikeCount = promising.count { $0.chunkCount == schedule.chunkCount }
            if alikeCount < breadth.improvedCountAlike { promising.append(schedule) }
        }
        return promising
    }

    private func judge(_ cuts: [Int]) -> ChunkSchedule {
        ChunkSchedule(cuts: cuts, in: pipeline)
    }

    /// Tries numbers of chunks around one, geometrically, then ever closer to the best.
    private func bestCount(
        first: RampedCuts.Ramp, last: RampedCuts.Ramp, around count: Double,
        walks: [SearchBreadth.Walk]
    ) -> ChunkSchedule {
        var best = ChunkSchedule(cuts: [], makespan: .infinity)
        var middle = count
        for walk in walks {
            var nearest = middle
            var count = middle
            for _ in 0..<walk.reach { count /= walk.factor }
            for _ in 0...2 * walk.reach {
                // Ramps of many chunks that fall on the same page are as good as shorter ones.
                let whole = min(
                    max(Int(count.rounded()), counts.lowerBound), 2 * counts.upperBound)
                let schedule = judge(ramped.cuts(count: whole, first: first, last: last))
                if schedule.makespan < best.makespan {
                    best = schedule
                    nearest = count
                }
                count *= walk.factor
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
            .filter(self.counts.contains)
        let pages = max(1, grid.pageCount / max(1, count))
        let sizes = (max(1, pages - reach)...pages + reach).map { $0 * grid.pageSize }
            .filter { size in
                size <= grid.chunkTokensMax && grid.positions.count / size <= self.counts.upperBound
            }
        return counts.map { judge(equal.cuts(count: $0)) }
            + sizes.map { size in judge(grid.cuts { _ in size }) }
    }
}
