import ChunkSizing

/// Chunks that take equal times on the slowest stage, judged with everything that a pipeline has: a
/// cost of each chunk's prefix, links, and a bound on what is under way. For a longest time that
/// chunks may take, the fewest chunks cost least.
///
/// The first chunks may be shorter and grow: they fill the pipeline sooner. The slowest stage never
/// waits as long as a chunk's way through the stages before it grows, from chunk to chunk, by no
/// more than the slowest stage lags behind them.
struct EqualTimeSearch {
    private let slowest: StageCost
    private let growth: Double
    private let timing: PipelineTiming
    private let grid: ChunkGrid

    init(timing: PipelineTiming, grid: ChunkGrid) {
        let times = timing.stages.map { $0.seconds(tokens: grid.positions.count, after: 0) }
        let index = times.indices.max { times[$0] < times[$1] } ?? 0
        slowest = timing.stages[index]
        let before = times[..<index]
        growth = before.max().map { 1 + (times[index] - $0) / before.reduce(0, +) } ?? 1
        self.timing = timing
        self.grid = grid
    }

    /// The best of the family and of other cuts.
    func best(or other: [Int]) -> [Int] {
        var best = other
        var shortest = timing.completion(of: other)
        func consider(_ seconds: Double, _ first: Double) -> Double {
            let cuts = cuts(within: seconds, first: first)
            let completion = timing.completion(of: cuts)
            if completion < shortest {
                best = cuts
                shortest = completion
            }
            return completion
        }
        let whole = slowest.seconds(tokens: grid.positions.count, after: 0)
        for first in growth > 1 ? Self.firstShares : [1] {
            var nearest = (seconds: whole, completion: Double.infinity)
            var seconds = whole
            while seconds > whole / 1000 {
                let completion = consider(seconds, first)
                if completion < nearest.completion { nearest = (seconds, completion) }
                seconds /= 1.05
            }
            for step in -25...25 {
                _ = consider(nearest.seconds * (1 + Double(step) * 0.002), first)
            }
        }
        return best
    }

    /// The first chunk's time as a share of the longest.
    private static let firstShares = [1, 0.8, 0.6, 0.45, 0.3, 0.2, 0.12, 0.07, 0.04, 0.02]

    private func cuts(within seconds: Double, first: Double) -> [Int] {
        var share = first
        return grid.cuts { start in
            let budget = seconds * share - slowest.prefix * Double(start)
            share = min(1, share * growth)
            let tokens = slowest.chunk.tokens(within: budget, after: start)
            return Int(min(tokens, Double(grid.positions.count)))
        }
    }
}
