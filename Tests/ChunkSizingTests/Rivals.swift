import ChunkSizing

/// The other policies with every setting that a user might try.
enum Rivals {
    static func bestFixed(_ pipeline: FlowShop, _ grid: ChunkGrid) -> Double {
        func makespan(_ size: Int) -> Double { pipeline.makespan(cuts: grid.cuts { _ in size }) }
        let coarse = best(sizes(grid), makespan)
        return best(sizes(grid, near: coarse.setting), makespan).makespan
    }

    /// The best first size for each factor, then what is near the best of all.
    static func bestDynamic(_ pipeline: FlowShop, _ grid: ChunkGrid) -> Double {
        let cost = pipeline.stages[0]
        let curve = QuadraticCurve(
            quadratic: cost.attention, linear: cost.linear, constant: cost.fixed)
        func makespan(_ size: Int, _ factor: Double) -> Double {
            let policy = DynamicChunking(
                chunkSize: size, smoothingFactor: factor, pageSize: grid.pageSize,
                contextLength: .max / 2, prefillTokensMax: .max / 2, curve: curve)
            return pipeline.makespan(cuts: grid.cuts(policy.chunkTokens))
        }
        var size = 0
        var factor = (setting: 1.0, makespan: Double.infinity)
        for candidate in [0.25, 0.5, 0.75, 1] {
            let found = best(sizes(grid)) { makespan($0, candidate) }
            if found.makespan < factor.makespan {
                factor = (candidate, found.makespan)
                size = found.setting
            }
        }
        size = best(sizes(grid, near: size)) { makespan($0, factor.setting) }.setting
        let factors = (-4...4).map { factor.setting + Double($0) * 0.05 }.filter { $0 <= 1 }
        return best(factors) { makespan(size, $0) }.makespan
    }

    private static func best<Setting>(
        _ settings: [Setting], _ makespan: (Setting) -> Double
    ) -> (setting: Setting, makespan: Double) {
        settings.map { ($0, makespan($0)) }.min { $0.1 < $1.1 } ?? (settings[0], .infinity)
    }

    /// Sizes between the powers of two around one.
    private static func sizes(_ grid: ChunkGrid, near size: Int) -> [Int] {
        let pages = (-6...6).map { step in
            Int((Double(size) * (1 + Double(step) * 0.06) / 64).rounded())
        }
        return Set(pages.filter { $0 > 0 }).sorted().map { $0 * 64 }
    }

    /// Powers of two and what lies half-way, so that there are no more than 1,500 chunks.
    private static func sizes(_ grid: ChunkGrid) -> [Int] {
        var sizes: [Int] = []
        var size = max(grid.pageSize, grid.positions.count / 1_500 / 64 * 64)
        while size < grid.positions.count {
            sizes += [size, size * 3 / 2 / 64 * 64]
            size *= 2
        }
        return sizes + [grid.positions.count]
    }
}

/// The best cuts on page boundaries for equal stages, found another way: a walk over the longest
/// chunk's time instead of one over the number of chunks.
struct PageGridOptimum {
    let cost: PrefillCost
    let grid: ChunkGrid

    func makespan(stageCount: Int) -> Double {
        let work = cost.work(grid.positions)
        let followers = Double(stageCount - 1)
        guard followers > 0 else { return work + cost.fixed }
        // Every pair of boundaries would be a candidate; a fine geometric grid of times below
        // each of them loses at most its step.
        var best = Double.infinity
        var longest = cost.seconds(tokens: grid.positions.count, after: grid.positions.lowerBound)
        let step = 1 - 2e-4
        while let count = chunkCount(within: longest) {
            best = min(best, work + Double(count) * cost.fixed + followers * longest * step)
            longest *= step
        }
        return best
    }

    /// Chunks of greedy cutting; nil if a page takes longer.
    private func chunkCount(within seconds: Double) -> Int? {
        var start = grid.positions.lowerBound
        var count = 0
        while start < grid.positions.upperBound {
            let tokens = cost.tokens(within: seconds, after: start)
            var end = start + Int(min(tokens, 1e12)) / grid.pageSize * grid.pageSize
            if Double(start) + tokens >= Double(grid.positions.upperBound) {
                end = grid.positions.upperBound
            }
            guard end > start else { return nil }
            start = end
            count += 1
        }
        return count
    }
}
