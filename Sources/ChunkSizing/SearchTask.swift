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
        let judgedOnce =
            stretches.count * beginnings.count + 4 * evenReach
            + Self.improvementPassCost * improvedCount
        let ramps = Double(beginnings.count * endings.count)
        let judged =
            chunks(walks, task) + chunks(rampWalks ?? walks, task) * ramps
            + task.chunkCount * Double(judgedOnce)
        return judged * Double(task.stageCount + Self.cutCost)
            + task.chunkCount * Double((2 * evenReach + 1) * Self.evenCutsCost)
    }

    /// Chunks of all schedules that walks try.
    private func chunks(_ walks: [Walk], _ task: SearchTask) -> Double {
        var chunks = 0.0
        for walk in walks {
            var count = task.chunkCount
            for _ in 0..<walk.reach { count /= walk.factor }
            for _ in 0...2 * walk.reach {
                chunks += min(count, Double(task.pageCount))
                count *= walk.factor
            }
        }
        return chunks
    }

    /// Chunks that a pass of improvements judges for each one of a schedule.
    private static let improvementPassCost = 40
    /// What it takes to find a chunk's end, as so many steps: of any schedule, and of one whose
    /// longest chunk is as short as can be.
    private static let cutCost = 6
    private static let evenCutsCost = 180
}
