/// Moves, adds and removes cuts of a schedule, a few neighbours at a time, as long as that makes it
/// shorter.
///
/// The chunks before a place enter only through the times at which the stages complete them, those
/// after it through the times that they still take, so that a change costs as much to judge as
/// the chunks that it touches.
struct CutImprovement<Pipeline: SchedulePipeline> {
    private let pipeline: Pipeline
    private let grid: ChunkGrid
    private(set) var cuts: [Int]
    private(set) var makespan: Double
    /// For each cut, the seconds from each stage's turn on the chunk that begins there to the end.
    private var remainders: [[Double]] = []
    /// Chunks that may still be looked at.
    private var budget: Int
    /// Cuts that are moved together.
    private let runMax: Int

    init(pipeline: Pipeline, grid: ChunkGrid, cuts: [Int], breadth: SearchBreadth) {
        self.pipeline = pipeline
        self.grid = grid
        self.cuts = cuts
        budget = breadth.improvementBudget
        runMax = breadth.runMax
        makespan = pipeline.makespan(cuts: cuts)
    }

    mutating func run() {
        var step = max(1, grid.pageCount / max(1, cuts.count - 1) / 4)
        while budget > 0 {
            let before = makespan
            pass(step: step * grid.pageSize)
            if makespan < before * (1 - 1e-6) { continue }
            if step == 1 { return }
            step /= 2
        }
    }

    /// Another way to cut a part of the schedule.
    private struct Change {
        /// Takes the place of the cuts from the current one on, so many of them.
        var replaced: Int
        var cuts: [Int]
    }

    /// Goes once through all cuts between the first and the last.
    private mutating func pass(step: Int) {
        computeRemainders(downTo: 0)
        var completions = pipeline.ready
        var index = 1
        while index < cuts.count {
            if let change = bestChange(at: index, step: step, completions) {
                cuts.replaceSubrange(index..<index + change.replaced, with: change.cuts)
                remainders.replaceSubrange(
                    index..<index + change.replaced,
                    with: repeatElement(remainders[0], count: change.cuts.count))
                computeRemainders(from: index + change.cuts.count, downTo: index)
            }
            pipeline.advance(&completions, cuts[index - 1], cuts[index])
            index += 1
        }
        makespan = pipeline.makespan(completions, cutCount: cuts.count)
    }

    /// The change that shortens the schedule most; nil if none does.
    private mutating func bestChange(
        at index: Int, step: Int, _ completions: [Double]
    ) -> Change? {
        let unchanged = Change(replaced: 1, cuts: [cuts[index]])
        guard var shortest = seconds(unchanged, at: index, completions) else { return nil }
        shortest *= 1 - 1e-9
        var best: Change?
        for change in changes(at: index, step: step) {
            guard let seconds = seconds(change, at: index, completions), seconds < shortest
            else { continue }
            shortest = seconds
            best = change
        }
        return best
    }

    private func changes(at index: Int, step: Int) -> [Change] {
        let (start, cut) = (cuts[index - 1], cuts[index])
        var changes: [Change] = []
        let middle = (start + cut) / 2 / grid.pageSize * grid.pageSize
        if middle > start { changes.append(Change(replaced: 1, cuts: [middle, cut])) }
        guard index < cuts.count - 1 else { return changes }
        changes.append(Change(replaced: 1, cuts: []))
        for count in 1...min(runMax, cuts.count - 1 - index) {
            let run = cuts[index..<index + count]
            if cut - step > start {
                changes.append(Change(replaced: count, cuts: run.map { $0 - step }))
            }
            if cuts[index + count - 1] + step < cuts[index + count] {
                changes.append(Change(replaced: count, cuts: run.map { $0 + step }))
            }
        }
        return changes
    }

    /// The makespan with a change; nil if a chunk would be too long.
    private mutating func seconds(
        _ change: Change, at index: Int, _ completions: [Double]
    ) -> Double? {
        let next = index + change.replaced
        var completions = completions
        var start = cuts[index - 1]
        for end in change.cuts + (next < cuts.count ? [cuts[next]] : []) {
            guard end - start <= grid.chunkTokensMax else { return nil }
            pipeline.advance(&completions, start, end)
            start = end
        }
        budget -= change.cuts.count + 1
        let cutCount = cuts.count - change.replaced + change.cuts.count
        guard next < cuts.count else {
            return pipeline.makespan(completions, cutCount: cutCount)
        }
        let end = zip(completions, remainders[next]).reduce(0) { max($0, $1.0 + $1.1) }
        return end + pipeline.penalty(cutCount: cutCount)
    }

    /// Computes the remainders of the cuts before one that has its own, or of all.
    private mutating func computeRemainders(from known: Int? = nil, downTo first: Int) {
        if known == nil {
            let none = [Double](repeating: 0, count: pipeline.ready.count)
            remainders = [[Double]](repeating: none, count: cuts.count)
        }
        let last = min(known ?? cuts.count - 1, cuts.count - 1)
        for index in (first..<max(first, last)).reversed() {
            var remainder = remainders[index + 1]
            pipeline.prepend(cuts[index], cuts[index + 1], to: &remainder)
            remainders[index] = remainder
        }
    }
}
