/// What no cuts of a prompt can beat, on stages that may differ.
///
/// Let there be M ≥ 2 chunks. Two ways through the pipeline bound the time, because on each of them
/// everything is computed one after the other:
/// - The first chunk passes the stages before some stage s, all chunks are computed by s, and the
///   last one passes the stages behind it. The first chunk has at least the first page, the
///   last one at least what is behind the last page boundary, and s takes W + M·c for all.
/// - Any chunk passes all stages, behind those before it on the first stage and in front of those
///   after it on the last. With the least c, b and a that any stage has for every stage, which
///   makes nothing longer, this is W + M·c + (P − 1)·t. Take the longest chunk: its t is at least
///   W/M + c, and no less than a chunk of the costliest page alone, which must be in some chunk.
/// Every chunk's prefix has at least the positions before the first one, which count as a part of
/// c, and what else it has follows from how many chunks there are and how long they may be.
///
/// A single chunk takes the sum of the stages' times. The bound is the least over all M that pages
/// and the longest allowed chunk permit; as each way's is convex in M, so is the greatest of them.
struct ScheduleBound {
    /// What each takes for chunks whose prefix is what is before the first of them.
    private let stages: [PrefillCost]
    /// Of each stage: seconds per position by which a chunk's prefix is longer.
    private let prefixes: [Double]
    private let grid: ChunkGrid
    /// Those positions of all chunks, if all are as long as may be.
    private let prefixPositionsMin: Double
    /// At best, from the prompt's beginning to each stage's, and from each stage's end to the end.
    private let before: [Double]
    private let after: [Double]
    private let least: PrefillCost

    init(stages: [PrefillCost], grid: ChunkGrid) {
        precondition(!stages.isEmpty, "a pipeline needs a stage")
        self.grid = grid
        let positions = grid.positions
        prefixes = stages.map(\.prefix)
        let stages = stages.map { stage in
            var stage = stage
            stage.fixed = stage.overhead(after: positions.lowerBound)
            stage.prefix = 0
            return stage
        }
        self.stages = stages
        prefixPositionsMin = stride(
            from: positions.count - grid.chunkTokensMax, to: 0, by: -grid.chunkTokensMax
        ).reduce(0.0) { $0 + Double($1) }
        let lastStart = positions.lowerBound + (grid.pageCount - 1) * grid.pageSize
        func sums(_ costs: [PrefillCost], _ chunk: Range<Int>) -> [Double] {
            var sum = 0.0
            return costs.map { cost in
                defer { sum += cost.seconds(chunk) }
                return sum
            }
        }
        let firstEnd = positions.lowerBound + min(grid.pageSize, positions.count)
        before = sums(stages, positions.lowerBound..<firstEnd)
        after = sums(stages.reversed(), lastStart..<positions.upperBound).reversed()
        least = stages.dropFirst().reduce(stages[0]) { least, stage in
            PrefillCost(
                fixed: min(least.fixed, stage.fixed), linear: min(least.linear, stage.linear),
                attention: min(least.attention, stage.attention))
        }
    }

    var seconds: Double {
        var bound = Double.infinity
        if grid.chunkCountMin == 1 {
            bound = stages.reduce(0) { $0 + $1.seconds(grid.positions) }
        }
        var low = max(2, grid.chunkCountMin)
        var high = grid.pageCount
        guard low <= high else { return bound }
        while low < high {
            let middle = (low + high) / 2
            if seconds(chunkCount: middle) <= seconds(chunkCount: middle + 1) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return min(bound, seconds(chunkCount: low))
    }

    /// For two chunks or more.
    private func seconds(chunkCount: Int) -> Double {
        let count = Double(chunkCount)
        let prefixPositions = max(
            prefixPositionsMin, Double(grid.pageSize) * count * (count - 1) / 2)
        let work = least.work(grid.positions)
        let longest = max(work / count, costliestPage) + least.fixed
        var bound = work + count * least.fixed + Double(stages.count - 1) * longest
        for (index, stage) in stages.enumerated() {
            let own =
                stage.work(grid.positions) + count * stage.fixed
                + prefixes[index] * prefixPositions
            bound = max(bound, before[index] + own + after[index])
        }
        return bound
    }

    /// Seconds of the last whole page, or of what is left behind it.
    private var costliestPage: Double {
        let end = grid.positions.upperBound
        let lastStart = grid.positions.lowerBound + (grid.pageCount - 1) * grid.pageSize
        let last = least.work(lastStart..<end)
        guard grid.pageCount > 1 else { return last }
        return max(last, least.work(lastStart - grid.pageSize..<lastStart))
    }
}
