/// Cuts for stages that differ, or that have something to do already: no formula is exact, so
/// schedules of a family are tried, and the best of them is improved cut by cut.
///
/// The family: chunks that take equal times on the slowest stage, but for the first and last
/// ones, which may grow and shrink geometrically. Small chunks at the beginning reach a slow stage
/// early; small chunks at the end leave it early; the faster stages keep up with chunks that grow
/// by the ratio of their speeds.
struct ScheduleSearch {
    let pipeline: FlowShop
    let grid: ChunkGrid
    private let isQuick: Bool
    private let bottleneck: PrefillCost
    private let work: Double
    /// By how much chunks may grow from one to the next, before and after the slowest stage; nil
    /// where there is no stage on that side, or none that is faster.
    private let growth: Double?
    private let decline: Double?
    /// The best schedule of each shape of the family.
    private var shapes: [ChunkSchedule] = []

    init(pipeline: FlowShop, grid: ChunkGrid, effort: OptimalChunks.Effort) {
        self.pipeline = pipeline
        self.grid = grid
        isQuick = effort != .thorough
        let works = pipeline.stages.map { $0.work(grid.positions) + $0.fixed }
        let slowest = works.indices.max { works[$0] < works[$1] } ?? 0
        bottleneck = pipeline.stages[slowest]
        work = bottleneck.work(grid.positions)
        growth = Self.ratio(works[slowest], to: works[..<slowest].max())
        decline = Self.ratio(works[slowest], to: works[(slowest + 1)...].max())
    }

    private static func ratio(_ slowest: Double, to other: Double?) -> Double? {
        guard let other, slowest > other * 1.01 else { return nil }
        return other > 0 ? min(8, slowest / other) : 8
    }

    mutating func run() -> ChunkSchedule {
        let ramps = isQuick ? Self.quickRamps : Self.ramps
        for first in growth == nil ? [1] : ramps {
            for last in decline == nil ? [1] : ramps {
                shapes.append(bestCount(first: first, last: last))
            }
        }
        shapes.sort { $0.makespan < $1.makespan }
        let improved = shapes.prefix(isQuick ? 1 : Self.improvedCount).map { shape in
            var improvement = CutImprovement(
                pipeline: pipeline, grid: grid, cuts: shape.cuts,
                budget: isQuick ? 4_000 : 40_000)
            improvement.run()
            return ChunkSchedule(cuts: improvement.cuts, makespan: improvement.makespan)
        }
        return improved.min { $0.makespan < $1.makespan } ?? shapes[0]
    }

    /// Shapes that are improved: the best one does not always stay the best.
    private static let improvedCount = 24

    /// How long the first or last chunk is, as a share of those in the middle.
    private static let ramps = [1, 0.85, 0.7, 0.6, 0.5, 0.35, 0.25, 0.18, 0.12, 0.06, 0.03]
    private static let quickRamps = [1, 0.5, 0.18]

    /// Tries numbers of chunks, geometrically, then ever closer to the best.
    private func bestCount(first: Double, last: Double) -> ChunkSchedule {
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
                let whole = min(max(Int(count.rounded()), grid.chunkCountMin), grid.pageCount)
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

    /// Factors between numbers of chunks, and how many of them to go up and down.
    private static let walks = [(1.5, 8), (1.12, 4), (1.03, 4)]
    private static let quickWalks = [(1.5, 3), (1.15, 2)]

    private func cuts(count: Int, first: Double, last: Double) -> [Int] {
        let weights = weights(count: count, first: first, last: last)
        let longest =
            (work + Double(count) * bottleneck.fixed) / weights.reduce(0, +)
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

    private func weights(count: Int, first: Double, last: Double) -> [Double] {
        var weights = [Double](repeating: 1, count: count)
        var weight = first
        for index in weights.indices where weight < 1 {
            weights[index] = weight
            weight *= growth ?? 8
        }
        weight = last
        for index in weights.indices.reversed() where weight < 1 {
            weights[index] = min(weights[index], weight)
            weight *= decline ?? 8
        }
        return weights
    }
}
