/// What a search has to do, as far as that tells how long it takes.
struct SearchTask {
    var pageCount: Int
    /// About as many chunks as are best.
    var chunkCount: Double
    /// Seconds that each stage takes for the whole prompt in one chunk.
    var works: [Double]
    /// The stage that takes longest.
    var slowest: Int

    var stageCount: Int {
        works.count
    }
}

extension SearchBreadth {
    /// About how many steps a search takes: those of chunks through stages.
    func steps(_ task: SearchTask) -> Double {
        let (beginnings, endings) = ramps(task)
        var walked = 0.0
        for (factor, reach) in walks {
            var count = task.chunkCount
            for _ in 0..<reach { count /= factor }
            for _ in 0...2 * reach {
                walked += min(count, Double(task.pageCount))
                count *= factor
            }
        }
        let judgedOnce =
            stretches.count * beginnings.count + 4 * evenReach
            + Self.improvementPassCost * improvedCount
        let judged =
            walked * Double(beginnings.count * endings.count)
            + task.chunkCount * Double(judgedOnce)
        return judged * Double(task.stageCount + Self.cutCost)
            + task.chunkCount * Double((2 * evenReach + 1) * Self.evenCutsCost)
    }

    /// Chunks that a pass of improvements judges for each one of a schedule.
    private static let improvementPassCost = 40
    /// What it takes to find a chunk's end, as so many steps: of any schedule, and of one whose
    /// longest chunk is as short as can be.
    private static let cutCost = 6
    private static let evenCutsCost = 180
}
