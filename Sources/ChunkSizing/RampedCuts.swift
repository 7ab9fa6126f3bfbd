/// Cuts into chunks that take equal times on one stage, but for the first and last ones, which may
/// grow and shrink geometrically.
struct RampedCuts {
    let grid: ChunkGrid
    /// The stage, as if every chunk's prefix took as long.
    private let stage: PrefillCost
    private let work: Double

    init(stage: PrefillCost, grid: ChunkGrid) {
        self.stage = stage.averaged(over: grid.positions)
        self.grid = grid
        work = stage.work(grid.positions)
    }

    /// How chunks grow at the beginning, or, seen from there, at the end.
    struct Ramp: Hashable {
        /// The outermost chunk's time as a share of those in the middle.
        var share: Double
        /// By how much the next one takes longer.
        var growth: Double

        static let none = Ramp(share: 1, growth: 1)
    }

    func cuts(count: Int, first: Ramp, last: Ramp) -> [Int] {
        let weights = weights(count: count, first: first, last: last)
        let longest = longest(weights)
        var cuts = [grid.positions.lowerBound]
        var target = 0.0
        for weight in weights.dropLast() {
            target += max(0, longest * weight - stage.fixed)
            // From the prompt's beginning on, so that rounding does not add up.
            let position =
                Double(grid.positions.lowerBound)
                + stage.tokens(within: target + stage.fixed, after: grid.positions.lowerBound)
            append(grid.boundary(near: min(position, Double(grid.end))), to: &cuts)
        }
        append(grid.end, to: &cuts)
        return cuts
    }

    /// Where each chunk is rounded by itself, and takes `stretch` times as long.
    func steppedCuts(count: Int, first: Ramp, stretch: Double) -> [Int] {
        let longest = stretch * longest(weights(count: count, first: first, last: .none))
        var share = first.share
        return grid.cuts { start in
            let seconds = longest * share
            share = min(1, share * first.growth)
            return Int(min(stage.tokens(within: seconds, after: start), Double(grid.end)))
        }
    }

    /// Seconds of a chunk whose weight is one.
    private func longest(_ weights: [Double]) -> Double {
        (work + Double(weights.count) * stage.fixed) / weights.reduce(0, +)
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

    /// Adds a boundary, and those before it that the longest allowed chunk asks for.
    private func append(_ boundary: Int, to cuts: inout [Int]) {
        while let last = cuts.last, last < boundary {
            cuts.append(min(boundary, grid.reach(from: last, tokens: .infinity)))
        }
    }
}
