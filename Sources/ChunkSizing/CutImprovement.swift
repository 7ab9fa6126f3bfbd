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
    /// Used again for every change that is judged, as there are so many.
    private var times: [Double]
    private var candidates: [Change] = []

    init(pipeline: Pipeline, grid: ChunkGrid, cuts: [Int], breadth: SearchBreadth) {
        self.pipeline = pipeline
        self.grid = grid
        self.cuts = cuts
        budget = breadth.improvementBudget
        runMax = breadth.runMax
        times = pipeline.ready
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

    /// Another way to cut what is around the current cut.
    private enum Change {
        /// One more cut, before it.
        case added(Int)
        case removed
        /// It and those behind it, so many in all, are so many positions further on.
        case moved(count: Int, by: Int)
    }

    /// Goes once through all cuts between the first and the last.
    private mutating func pass(step: Int) {
        computeRemainders(downTo: 0)
        var completions = pipeline.ready
        var index = 1
        while index < cuts.count {
            if let change = bestChange(at: index, step: step, completions) {
                computeRemainders(from: apply(change, at: index), downTo: index)
            }
            pipeline.advance(&completions, cuts[index - 1], cuts[index])
            index += 1
        }
        makespan = pipeline.makespan(completions, cutCount: cuts.count)
    }

    /// Returns the first cut behind what has changed.
    private mutating func apply(_ change: Change, at index: Int) -> Int {
        switch change {
        case .added(let cut):
            cuts.insert(cut, at: index)
            remainders.insert(remainders[0], at: index)
            return index + 2
        case .removed:
            cuts.remove(at: index)
            remainders.remove(at: index)
            return index
        case .moved(let count, let step):
            for moved in index..<index + count { cuts[moved] += step }
            return index + count
        }
    }

    /// The change that shortens the schedule most; nil if none does.
    private mutating func bestChange(
        at index: Int, step: Int, _ completions: [Double]
    ) -> Change? {
        let unchanged = Change.moved(count: 1, by: 0)
        guard var shortest = seconds(unchanged, at: index, completions) else { return nil }
        shortest *= 1 - 1e-9
        var best: Change?
        findCandidates(at: index, step: step)
        for place in candidates.indices {
            let change = candidates[place]
            guard let seconds = seconds(change, at: index, completions), seconds < shortest
            else { continue }
            shortest = seconds
            best = change
        }
        return best
    }

    private mutating func findCandidates(at index: Int, step: Int) {
        candidates.removeAll(keepingCapacity: true)
        let (start, cut) = (cuts[index - 1], cuts[index])
        let middle = (start + cut) / 2 / grid.pageSize * grid.pageSize
        if middle > start { candidates.append(.added(middle)) }
        guard index < cuts.count - 1 else { return }
        candidates.append(.removed)
        for count in 1...min(runMax, cuts.count - 1 - index) {
            if cut - step > start { candidates.append(.moved(count: count, by: -step)) }
            if cuts[index + count - 1] + step < cuts[index + count] {
                candidates.append(.moved(count: count, by: step))
            }
        }
    }

    /// The makespan with a change; nil if a chunk would be too long.
    private mutating func seconds(
        _ change: Change, at index: Int, _ completions: [Double]
    ) -> Double? {
        for place in times.indices { times[place] = completions[place] }
        var start = cuts[index - 1]
        var next = index + 1
        var cutCount = cuts.count
        switch change {
        case .added(let cut):
            guard advance(&start, to: cut), advance(&start, to: cuts[index]) else { return nil }
            cutCount += 1
        case .removed:
            cutCount -= 1
        case .moved(let count, let step):
            next = index + count
            for moved in index..<next {
                guard advance(&start, to: cuts[moved] + step) else { return nil }
            }
        }
        guard next < cuts.count else { return pipeline.makespan(times, cutCount: cutCount) }
        guard advance(&start, to: cuts[next]) else { return nil }
        var end = 0.0
        for place in times.indices { end = max(end, times[place] + remainders[next][place]) }
        return end + pipeline.penalty(cutCount: cutCount)
    }

    /// Goes on by one chunk; false if it would be too long.
    private mutating func advance(_ start: inout Int, to end: Int) -> Bool {
        guard end - start <= grid.chunkTokensMax else { return false }
        pipeline.advance(&times, start, end)
        budget -= 1
        start = end
        return true
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
