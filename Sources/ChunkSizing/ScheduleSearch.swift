/// Cuts for stages that differ, or that have something to do already: no formula is exact, so
/// schedules of a family are tried, and the best of them is improved cut by cut.
///
/// The family: chunks that take equal times on the slowest stage, but for the first and last
/// ones, which may grow and shrink geometrically. Small chunks at the beginning reach a slow stage
/// early; small chunks at the end leave it early.
///
/// How fast they may grow: let stages before the slowest take t for a chunk, and g·t for the next.
/// On any way to the slowest stage the next one arrives at most (g − 1)·Σ t + max t later, which is
/// no longer than the t* for which that stage is busy as long as g ≤ 1 + (t* − max t)/Σ t. Where
/// chunks are few, it may pay to let it wait, and grow by t*/max t. After the slowest stage the
/// same holds backwards.
struct ScheduleSearch {
    let pipeline: FlowShop
    let grid: ChunkGrid
    private let isQuick: Bool
    private let bottleneck: PrefillCost
    private let work: Double
    /// How chunks may begin before the slowest stage, and end after it.
    private let beginnings: [Ramp]
    private let endings: [Ramp]
    /// The best schedule of each shape of the family.
    private var shapes: [ChunkSchedule] = []

    init(pipeline: FlowShop, grid: ChunkGrid, effort: OptimalChunks.Effort) {
        self.pipeline = pipeline
        self.grid = grid
        // Few pages on few stages are searched in no time.
        isQuick =
            effort != .thorough && grid.pageCount * pipeline.stages.count > Self.quickMin
        let works = pipeline.stages.map { $0.work(grid.positions) + $0.fixed }
        let slowest = works.indices.max { works[$0] < works[$1] } ?? 0
        bottleneck = pipeline.stages[slowest]
        work = bottleneck.work(grid.positions)
        let before = Self.growths(works[slowest], beside: works[..<slowest])
        let after = Self.growths(works[slowest], beside: works[(slowest + 1)...])
        let shares =
            isQuick && !before.isEmpty && !after.isEmpty ? Self.fewShares : Self.shares
        beginnings = Self.ramps(shares, before)
        endings = Self.ramps(shares, after)
    }

    private static let quickMin = 128

    /// How long the first or last chunk is, as a share of those in the middle, and by how much
    /// those between may grow from one to the next.
    private struct Ramp {
        var share: Double
        var growth: Double
    }

    private static func growths(_ slowest: Double, beside others: ArraySlice<Double>) -> [Double] {
        guard let longest = others.max(), slowest > longest * 1.01 else { return [] }
        guard longest > 0 else { return [growthMax] }
        let steady = min(growthMax, 1 + (slowest - longest) / others.reduce(0, +))
        let steep = min(growthMax, slowest / longest)
        return steep > steady ? [steady, steep] : [steady]
    }

    private static func ramps(_ shares: [Double], _ growths: [Double]) -> [Ramp] {
        [Ramp(share: 1, growth: 1)]
            + growths.flatMap { growth in
                shares.map { Ramp(share: $0, growth: growth) }
            }
    }

    private static let growthMax = 8.0
    private static let shares = [
        0.85, 0.7, 0.6, 0.5, 0.35, 0.25, 0.18, 0.12, 0.06, 0.03,
    ]
    private static let fewShares = [0.5, 0.18]

    mutating func run() -> ChunkSchedule {
        for first in beginnings {
            for last in endings {
                shapes.append(bestCount(first: first, last: last))
            }
            let count = shapes[shapes.count - endings.count].chunkCount
            shapes.append(steppedShape(count: count, first: first))
        }
        shapes += evenShapes(count: shapes[0].chunkCount)
        shapes.sort { $0.makespan < $1.makespan }
        let candidates = shapes.prefix(isQuick ? Self.quickImprovedCount : Self.improvedCount)
        let improved = candidates.map { shape in
            var improvement = CutImprovement(
                pipeline: pipeline, grid: grid, cuts: shape.cuts,
                budget: isQuick ? 10_000 : 40_000)
            improvement.run()
            return ChunkSchedule(cuts: improvement.cuts, makespan: improvement.makespan)
        }
        return improved.min { $0.makespan < $1.makespan } ?? shapes[0]
    }

    /// Shapes that are improved: the best one does not always stay the best.
    private static let improvedCount = 24
    private static let quickImprovedCount = 4

    /// Tries numbers of chunks, geometrically, then ever closer to the best.
    private func bestCount(first: Ramp, last: Ramp) -> ChunkSchedule {
        var best = ChunkSchedule(cuts: [], makespan: .infinity)
        let stages = Double(pipeline.stages.count)
        let ideal = (work * max(1, stages - 1) / max(bottleneck.fixed, 1e-12)).squareRoot()
        var middle = min(max(ideal, 1), Double(grid.pageCount))
        let walks = isQuick ? Self.quickWalks : Self.walks
        for (factor, reach) in walks {
            var nearest = middle
            var count = middle
            for _ in 0..<reach { count /= factor }
            for _ in 0...2 * reach {
                let whole = min(max(Int(count.rounded()), grid.chunkCountMin), 2 * grid.pageCount)
                let schedule = ChunkSchedule(
                    cuts: cuts(count: whole, first: first, last: last), in: pipeline)
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

    /// Where chunks have few pages, how they are rounded matters more than shapes do: chunks whose
    /// longest is as short as pages allow, and chunks of equally many pages.
    private func evenShapes(count: Int) -> [ChunkSchedule] {
        let equal = EqualTimeCuts(cost: bottleneck, grid: grid)
        let steps = isQuick ? 3 : 12
        let counts = Set((-steps...steps).map { count + $0 * max(1, count / (2 * steps)) })
            .filter { (grid.chunkCountMin...grid.pageCount).contains($0) }
        let pages = max(1, grid.pageCount / max(1, count))
        let sizes = (max(1, pages - steps)...pages + steps)
            .filter { $0 * grid.pageSize <= grid.chunkTokensMax }
        return counts.sorted().map { ChunkSchedule(cuts: equal.cuts(count: $0), in: pipeline) }
            + sizes.map { pages in
                ChunkSchedule(cuts: grid.cuts { _ in pages * grid.pageSize }, in: pipeline)
            }
    }

    /// Where each chunk is rounded by itself, not from the prompt's beginning on.
    private func steppedShape(count: Int, first: Ramp) -> ChunkSchedule {
        let weights = weights(count: count, first: first, last: Ramp(share: 1, growth: 1))
        let longest = (work + Double(count) * bottleneck.fixed) / weights.reduce(0, +)
        let schedules = (isQuick ? -1...1 : -5...5).map { step in
            let seconds = longest * (1 + (isQuick ? 0.05 : 0.02) * Double(step))
            var share = first.share
            let cuts = grid.cuts { start in
                let budget = seconds * share
                share = min(1, share * first.growth)
                return Int(
                    min(bottleneck.tokens(within: budget, after: start), Double(grid.end)))
            }
            return ChunkSchedule(cuts: cuts, in: pipeline)
        }
        return schedules.min { $0.makespan < $1.makespan } ?? shapes[0]
    }

    /// Factors between numbers of chunks, and how many of them to go up and down.
    private static let walks = [(1.5, 8), (1.12, 4), (1.03, 4)]
    private static let quickWalks = [(1.5, 3), (1.15, 2), (1.05, 2)]

    private func cuts(count: Int, first: Ramp, last: Ramp) -> [Int] {
        let weights = weights(count: count, first: first, last: last)
        let longest = (work + Double(count) * bottleneck.fixed) / weights.reduce(0, +)
        var cuts = [grid.positions.lowerBound]
        var target = 0.0
        for weight in weights.dropLast() {
            target += max(0, longest * weight - bottleneck.fixed)
            // From the prompt's beginning on, so that rounding does not add up.
            let position =
                Double(grid.positions.lowerBound)
                + bottleneck.tokens(
                    within: target + bottleneck.fixed, after: grid.positions.lowerBound)
            append(grid.boundary(near: min(position, Double(grid.end))), to: &cuts)
        }
        append(grid.end, to: &cuts)
        return cuts
    }

    /// Adds a boundary, and those before it that the longest allowed chunk asks for.
    private func append(_ boundary: Int, to cuts: inout [Int]) {
        while let last = cuts.last, last < boundary {
            cuts.append(min(boundary, grid.reach(from: last, tokens: .infinity)))
        }
    }

    private func weights(count: Int, first: Ramp, last: Ramp) -> [Double] {
        var weights = [Double](repeating: 1, count: count)
        var weight = first.share
        for index in weights.indices where weight < 1 {
            weights[index] = weight
            weight *= first.growth
        }
        weight = last.share
        for index in weights.indices.reversed() where weight < 1 {
            weights[index] = min(weights[index], weight)
            weight *= last.growth
        }
        return weights
    }
}
