/// The best cuts for stages that cost the same.
///
/// Of P equal stages, a prompt cut into chunks of t₁ … t_M seconds takes Σtᵢ + (P − 1)·max tᵢ (a
/// proportionate flow shop; TeraPipe, ICML 2021). The sum depends on the number of chunks, and
/// hardly on anything else, so for each number the best cuts are those with the smallest maximum:
/// equal times, as far as pages allow.
struct EqualTimeCuts {
    let cost: PrefillCost
    let grid: ChunkGrid
    private let work: Double

    init(cost: PrefillCost, grid: ChunkGrid) {
        self.cost = cost
        self.grid = grid
        work = cost.work(grid.positions)
    }

    /// The schedule with the shortest makespan on so many stages.
    ///
    /// - Parameter budget: Chunks that may be tried, all numbers of them together. By default
    ///   enough for every number that could matter but for the longest prompts.
    func best(stageCount: Int, budget: Int = 30_000_000) -> [Int] {
        let followers = Double(stageCount - 1)
        guard followers > 0 else { return cuts(count: grid.chunkCountMin) }
        var search = Search(cuts: self, followers: followers, budget: budget)
        search.run()
        return cuts(count: search.bestCount)
    }

    /// The cuts of so many chunks whose longest is as short as pages allow, the others near
    /// the mean.
    func cuts(count: Int) -> [Int] {
        let longest = shortestMaximum(count: count)
        let latest = latestStarts(within: longest)
        var cuts = [grid.positions.lowerBound]
        while let last = cuts.last, last < grid.end {
            let remaining = max(1, count - cuts.count + 1)
            let share = cost.sum(last..<grid.end, chunkCount: remaining) / Double(remaining)
            let ideal = Double(last) + cost.tokens(within: share, after: last)
            // As many chunks as are left must do for what is left.
            let floor = remaining - 1 < latest.count ? latest[remaining - 1] : last
            let furthest = reach(from: last, within: longest)
            let nearest = max(floor, grid.boundary(near: min(ideal, Double(grid.end))))
            cuts.append(max(min(furthest, nearest), min(grid.end, last + grid.pageSize)))
        }
        return cuts
    }

    /// Seconds of the longest of `count` chunks, where that is as short as pages allow.
    func shortestMaximum(count: Int) -> Double {
        var low = work / Double(count) + cost.overhead(after: grid.positions.lowerBound)
        var high = cost.seconds(grid.positions)
        if let longest = longestChunk(within: low * (1 + 1e-12), countMax: count) { return longest }
        // A page of the prompt's end is the most that rounding can add.
        var step = high * 1e-3
        while low + step < high {
            if let longest = longestChunk(within: low + step, countMax: count) {
                high = longest
                break
            }
            low += step
            step *= 2
        }
        while high - low > high * 1e-7 {
            let middle = (low + high) / 2
            if let longest = longestChunk(within: middle, countMax: count) {
                high = min(longest, middle)
            } else {
                low = middle
            }
        }
        return high
    }

    /// Cuts greedily into chunks of at most so many seconds; the longest of them, or nil if they
    /// are more than `countMax`.
    func longestChunk(within seconds: Double, countMax: Int) -> Double? {
        var start = grid.positions.lowerBound
        var longest = 0.0
        for _ in 0..<countMax {
            let next = reach(from: start, within: seconds)
            guard next > start else { return nil }
            longest = max(longest, cost.seconds(tokens: next - start, after: start))
            if next == grid.end { return longest }
            start = next
        }
        return nil
    }

    private func reach(from start: Int, within seconds: Double) -> Int {
        // The inverse may be off by the last bit.
        grid.reach(from: start, tokens: cost.tokens(within: seconds * (1 + 1e-14), after: start))
    }

    /// `latestStarts[n]`: the first boundary from which n chunks of at most so many seconds
    /// reach the end.
    private func latestStarts(within seconds: Double) -> [Int] {
        var starts = [grid.end]
        while let end = starts.last, end > grid.positions.lowerBound {
            starts.append(earliestStart(to: end, within: seconds))
            guard starts[starts.count - 1] < end else { break }
        }
        return starts
    }

    /// The first boundary from which one chunk of at most so many seconds reaches `end`.
    private func earliestStart(to end: Int, within seconds: Double) -> Int {
        let lastPage = (end - 1) / grid.pageSize
        var low = max(
            grid.positions.lowerBound / grid.pageSize,
            (end - min(end, grid.chunkTokensMax) + grid.pageSize - 1) / grid.pageSize)
        var high = lastPage + 1
        while low < high {
            let middle = (low + high) / 2
            let start = middle * grid.pageSize
            if start < end, reach(from: start, within: seconds) < end {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return min(end, low * grid.pageSize)
    }
}

extension EqualTimeCuts {
    /// Goes through numbers of chunks, outward from the continuous optimum √(W·(P − 1) / c), until
    /// no other can be better: cutting into M takes at least Σt + (P − 1)·(W/M + c).
    private struct Search {
        let cuts: EqualTimeCuts
        let followers: Double
        var bestCount = 0
        var bestMakespan = Double.infinity
        /// Chunks that may still be tried.
        private var budget: Int

        init(cuts: EqualTimeCuts, followers: Double, budget: Int) {
            self.cuts = cuts
            self.followers = followers
            self.budget = budget
        }

        mutating func run() {
            let range = cuts.grid.chunkCounts(
                stageCount: Int(followers) + 1, stepsMax: Self.stepsMax)
            let overhead = cuts.cost.averaged(over: cuts.grid.positions).fixed
            let ideal = (cuts.work * followers / max(overhead, 1e-12)).squareRoot()
            let middle = Int(min(max(ideal, Double(range.lowerBound)), Double(range.upperBound)))
            consider(middle)
            for direction in [1, -1] {
                var count = middle
                var stride = 1
                while true {
                    count += direction * stride
                    guard range.contains(count), bound(count) < bestMakespan,
                        budget > -Self.overdraftMax
                    else { break }
                    consider(count)
                    // What is left to gain this far out is less than the steps skipped.
                    if budget < 0 { stride += 1 + stride / 8 }
                }
            }
        }

        /// Chunks, times stages, of the longest schedule, which is judged once.
        private static let stepsMax = 1 << 30
        /// Chunks that are tried beyond the budget, with ever larger strides: some seconds' worth,
        /// which only hundreds of thousands of chunks take.
        private static let overdraftMax = 250_000_000

        private func bound(_ count: Int) -> Double {
            sum(count)
                + followers * (cuts.work / Double(count) + cuts.cost.fixed)
        }

        private func sum(_ count: Int) -> Double {
            cuts.cost.sum(cuts.grid.positions, chunkCount: count)
        }

        private mutating func consider(_ count: Int) {
            budget -= count
            let sum = sum(count)
            if bestMakespan < .infinity {
                let needed = (bestMakespan - sum) / followers
                guard cuts.longestChunk(within: needed * (1 - 1e-12), countMax: count) != nil
                else { return }
            }
            budget -= 25 * count
            let makespan = sum + followers * cuts.shortestMaximum(count: count)
            if makespan < bestMakespan {
                bestMakespan = makespan
                bestCount = count
            }
        }
    }
}
