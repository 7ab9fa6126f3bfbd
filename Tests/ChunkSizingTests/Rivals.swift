import ChunkSizing

/// The other policies with every setting that a user might try.
enum Rivals {
    static func bestFixed(_ pipeline: FlowShop, _ grid: ChunkGrid) -> Double {
        sizes(grid).map { size in
            pipeline.makespan(cuts: grid.cuts { _ in size })
        }.min() ?? .infinity
    }

    static func bestDynamic(_ pipeline: FlowShop, _ grid: ChunkGrid) -> Double {
        let cost = pipeline.stages[0]
        let curve = QuadraticCurve(
            quadratic: cost.attention, linear: cost.linear, constant: cost.fixed)
        return sizes(grid).flatMap { size in
            [0.5, 0.75, 1].map { factor in
                let policy = DynamicChunking(
                    chunkSize: size, smoothingFactor: factor, pageSize: grid.pageSize,
                    contextLength: .max / 2, prefillTokensMax: .max / 2, curve: curve)
                return pipeline.makespan(cuts: grid.cuts(policy.chunkTokens))
            }
        }.min() ?? .infinity
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
