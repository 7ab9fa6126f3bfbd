/// The policy `auto`: the cuts with the shortest makespan that a cost model knows of, with
/// nothing to tune.
package enum OptimalChunks {
    package static func schedule(in pipeline: FlowShop, of grid: ChunkGrid) -> ChunkSchedule {
        guard !pipeline.isUniform else {
            let cuts = EqualTimeCuts(cost: pipeline.stages[0], grid: grid)
                .best(stageCount: pipeline.stages.count)
            return ChunkSchedule(cuts: cuts, in: pipeline)
        }
        var search = ScheduleSearch(pipeline: pipeline, grid: grid)
        return search.run()
    }

    /// What no schedule of so many equal stages can beat, if pages did not matter:
    /// (√W + √(c·(P − 1)))², or the makespan of a single chunk where cutting does not pay.
    package static func lowerBound(
        cost: PrefillCost, stageCount: Int, positions: Range<Int>
    ) -> Double {
        let work = cost.work(positions)
        let followers = Double(stageCount - 1)
        let count = max(1, (work * followers / max(cost.fixed, 1e-300)).squareRoot())
        return work + count * cost.fixed + followers * (work / count + cost.fixed)
    }
}
