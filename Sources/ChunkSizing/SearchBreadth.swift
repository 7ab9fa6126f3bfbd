/// How much a search for schedules tries.
struct SearchBreadth {
    /// Numbers of chunks that are tried: so many up and so many down, by a factor from one to the
    /// next.
    struct Walk {
        var factor: Double
        var reach: Int

        init(_ factor: Double, _ reach: Int) {
            self.factor = factor
            self.reach = reach
        }
    }

    /// Ramps' first chunks; fewer where there are ramps on both sides.
    var shares = [0.85, 0.7, 0.6, 0.5, 0.35, 0.25, 0.18, 0.12, 0.06, 0.03]
    var sharesOfBoth: [Double]
    /// How fast ramps grow: so many times as far beyond one as may be.
    var growthShares = [1.0]
    /// One after the other, each around the best number so far.
    var walks: [Walk]
    /// The same for schedules with ramps, around the best number without; nil is the same walks.
    var rampWalks: [Walk]?
    /// How many numbers and sizes of even chunks to go up and down.
    var evenReach: Int
    /// Of chunks that are rounded by themselves.
    var stretches: [Double]
    /// Schedules that are improved: the best one does not always stay the best.
    var improvedCount: Int
    /// Those of them that have equally many chunks.
    var improvedCountAlike = Int.max
    /// Chunks that each improvement may look at.
    var improvementBudget: Int
    /// Neighbouring cuts that are moved together.
    var runMax = 4
    /// A shorter search is taken where this one would need more steps: about ten seconds' worth,
    /// and less where not much is lost.
    var stepsMax = 5e9
    /// While a prompt waits for its first chunk, a shorter search is taken where this one would
    /// need more than so much of the prompt's own time.
    var waitShareMax = Double.infinity

    static let thorough = SearchBreadth(
        sharesOfBoth: [0.85, 0.7, 0.6, 0.5, 0.35, 0.25, 0.18, 0.12, 0.06, 0.03],
        walks: [Walk(1.5, 8), Walk(1.12, 4), Walk(1.03, 4)], evenReach: 12,
        stretches: (-5...5).map { 1 + 0.02 * Double($0) }, improvedCount: 24,
        improvedCountAlike: 4, improvementBudget: 40_000, runMax: 8)
    static let quick = SearchBreadth(
        shares: [0.85, 0.6, 0.4, 0.25, 0.15, 0.08], sharesOfBoth: [0.5, 0.18],
        growthShares: [1, 0.7], walks: [Walk(1.5, 3), Walk(1.15, 2), Walk(1.05, 2)],
        rampWalks: [Walk(1.2, 2), Walk(1.05, 2)], evenReach: 3, stretches: [0.95, 1, 1.05],
        improvedCount: 6, improvedCountAlike: 1, improvementBudget: 10_000, stepsMax: 2e9,
        waitShareMax: 0.001)
    /// The same for prompts that take no longer than a second or two.
    static let brief = SearchBreadth(
        shares: [0.85, 0.6, 0.4, 0.25, 0.15, 0.08], sharesOfBoth: [0.4, 0.15],
        growthShares: [1, 0.8],
        walks: [Walk(1.5, 3), Walk(1.15, 2), Walk(1.05, 2)],
        rampWalks: [Walk(1.1, 1), Walk(1.03, 1)], evenReach: 1, stretches: [1], improvedCount: 2,
        improvedCountAlike: 1, improvementBudget: 6_000, stepsMax: 2e9)
    /// For pipelines whose stages cost more than the search knows.
    static let judged = SearchBreadth(
        sharesOfBoth: [0.6, 0.3, 0.12], growthShares: [1, 0.5],
        walks: [Walk(1.5, 4), Walk(1.12, 3), Walk(1.03, 3)], evenReach: 8,
        stretches: [0.94, 1, 1.06], improvedCount: 8, improvedCountAlike: 2,
        improvementBudget: 20_000, runMax: 10)

    /// For pipelines and prompts so large that a few schedules must do. Their chunks are so many
    /// that ramps and roundings change little.
    static let sparse = SearchBreadth(
        shares: [], sharesOfBoth: [], walks: [Walk(1.5, 1)], evenReach: 1, stretches: [1],
        improvedCount: 0, improvementBudget: 0)

    private static let growthMax = 8.0

    /// The search itself if it ends within some seconds, or else the widest that does. Few pages,
    /// times stages, are searched thoroughly in less than a millisecond.
    func fitting(_ task: SearchTask) -> SearchBreadth {
        guard task.pageCount * task.stageCount > 128 else { return .thorough }
        let chunkSteps = task.chunkCount * Double(task.stageCount)
        let widest = chunkSteps > Self.wideStepsMax ? .quick : self
        let seconds = widest.steps(task) * Self.stepSeconds
        let isLate = seconds > waitShareMax * task.works[task.slowest]
        return (isLate ? [.brief] : [widest, .quick])
            .first { $0.steps(task) <= $0.stepsMax } ?? .sparse
    }

    /// About as long as a step takes where they are few.
    private static let stepSeconds = 1.4e-8

    /// Chunks, times stages, beyond which a search is no longer thorough.
    private static let wideStepsMax = 500_000.0

    /// How chunks may begin before the slowest stage, and end after it, or those that are nearly as
    /// slow.
    func ramps(_ task: SearchTask) -> (beginnings: [RampedCuts.Ramp], endings: [RampedCuts.Ramp]) {
        let slowest = task.works[task.slowest]
        let slow = task.works.indices.filter { task.works[$0] * Self.slowMin >= slowest }
        let before = growths(slowest, beside: task.works[..<(slow.first ?? task.slowest)])
        let after = growths(slowest, beside: task.works[((slow.last ?? task.slowest) + 1)...])
        let shares = before.isEmpty || after.isEmpty ? shares : sharesOfBoth
        return (Self.ramps(shares, before), Self.ramps(shares, after))
    }

    private static func ramps(_ shares: [Double], _ growths: [Double]) -> [RampedCuts.Ramp] {
        [.none] + growths.flatMap { growth in shares.map { .init(share: $0, growth: growth) } }
    }

    /// Stages that differ by less count as equally slow.
    private static let slowMin = 1.01

    /// By what factors chunks may grow beside the slowest stage, of which others take less.
    private func growths(_ slowest: Double, beside others: ArraySlice<Double>) -> [Double] {
        guard let longest = others.max() else { return [] }
        guard longest > 0 else { return [Self.growthMax] }
        let steady = min(Self.growthMax, 1 + (slowest - longest) / others.reduce(0, +))
        let steep = min(Self.growthMax, slowest / longest)
        let gentle = growthShares.map { 1 + (steady - 1) * $0 }
        return steep > steady ? gentle + [steep] : gentle
    }
}
