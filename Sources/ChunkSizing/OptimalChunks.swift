/// The policy `auto`: the cuts with the shortest makespan that a cost model knows of, with
/// nothing to tune.
package enum OptimalChunks {
    /// How long to look for them.
    package enum Effort: Hashable, Sendable {
        /// Up to half a second for most prompts; some ten seconds at most, where stages differ and
        /// chunks are thousands.
        case thorough
        /// While a pipeline waits for its next chunk: a few milliseconds, or some 25 for a million
        /// tokens on 64 unequal stages. Stages whose times differ by no more than this share count
        /// as equal.
        case quick(tolerance: Double)
    }

    package static func schedule(
        in pipeline: FlowShop, of grid: ChunkGrid, effort: Effort = .thorough
    ) -> ChunkSchedule {
        switch effort {
        case .thorough where pipeline.isUniform:
            let cost = pipeline.stages[0]
            let cuts = EqualTimeCuts(cost: cost, grid: grid)
                .best(stageCount: pipeline.stages.count)
            guard cost.prefix > 0 else { return ChunkSchedule(cuts: cuts, in: pipeline) }
            return ScheduleSearch(pipeline: pipeline, grid: grid, breadth: .thorough)
                .run(or: [cuts])
        case .quick(let tolerance)
        where pipeline.isUniform(grid.positions, within: tolerance):
            return equalTimes(in: pipeline, of: grid)
        case .thorough, .quick:
            let search = ScheduleSearch(
                pipeline: pipeline, grid: grid, breadth: effort == .thorough ? .thorough : .quick)
            return search.run()
        }
    }

    /// The best cuts for a pipeline that has more than its stages' costs, such as links.
    ///
    /// - Parameter others: Cuts that are known to be good for its stages.
    package static func schedule(
        in pipeline: some SchedulePipeline, of grid: ChunkGrid, or others: [[Int]]
    ) -> ChunkSchedule {
        ScheduleSearch(pipeline: pipeline, grid: grid, breadth: .judged).run(or: others)
    }

    /// As `Effort.quick` finds it for the stages alone; for the pipeline as it is where its links,
    /// and the bound on microbatches in flight, cost more than half a percent by that schedule.
    package static func quickSchedule(
        in pipeline: LinkedPipeline, of grid: ChunkGrid, tolerance: Double
    ) -> ChunkSchedule {
        let stages = FlowShop(
            stages: pipeline.stages, ready: Array(pipeline.ready.prefix(pipeline.stages.count)),
            chunkPenalty: pipeline.chunkPenalty)
        let simple = schedule(in: stages, of: grid, effort: .quick(tolerance: tolerance))
        let expected = simple.makespan + pipeline.latency
        guard pipeline.makespan(cuts: simple.cuts) > expected * 1.005 else { return simple }
        return ScheduleSearch(pipeline: pipeline, grid: grid, breadth: .quick)
            .run(or: [simple.cuts])
    }

    /// What no cuts of a prompt can beat: for equal stages, and where pages do not matter,
    /// (√W + √(c·(P − 1)))², or the makespan of a single chunk where cutting does not pay.
    package static func lowerBound(stages: [PrefillCost], of grid: ChunkGrid) -> Double {
        ScheduleBound(stages: stages, grid: grid).seconds
    }

    /// Chunks of equal time, and better ones where those late in the prompt cost much more besides
    /// their tokens than those early in it.
    private static func equalTimes(in pipeline: FlowShop, of grid: ChunkGrid) -> ChunkSchedule {
        let cost = pipeline.stages.reduce(PrefillCost.zero, +)
            .scaled(by: 1 / Double(pipeline.stages.count))
        let schedule = equalTimes(of: cost, in: pipeline, of: grid)
        let overhead = cost.averaged(over: grid.positions).fixed
        guard overhead > 1.25 * cost.overhead(after: grid.positions.lowerBound) else {
            return schedule
        }
        var equal = pipeline
        equal.stages = [PrefillCost](repeating: cost, count: pipeline.stages.count)
        let better = ScheduleSearch(pipeline: equal, grid: grid, breadth: .quick)
            .run(or: [schedule.cuts])
        return ChunkSchedule(cuts: better.cuts, in: pipeline)
    }

    /// Chunks of equal time. Where stages have something to do already, the best of a few numbers
    /// of chunks around the closed form's.
    private static func equalTimes(
        of cost: PrefillCost, in pipeline: FlowShop, of grid: ChunkGrid
    ) -> ChunkSchedule {
        let cuts = EqualTimeCuts(cost: cost, grid: grid)
        guard !pipeline.isEmpty else {
            let best = cuts.best(stageCount: pipeline.stages.count, budget: 100_000)
            return ChunkSchedule(cuts: best, in: pipeline)
        }
        let followers = Double(pipeline.stages.count - 1)
        let ideal =
            (cost.work(grid.positions) * followers
            / max(cost.averaged(over: grid.positions).fixed + pipeline.chunkPenalty, 1e-12))
            .squareRoot()
        let counts = grid.chunkCounts(
            stageCount: pipeline.stages.count, stepsMax: ScheduleSearch<FlowShop>.stepsMax)
        var tried: [Int] = []
        var best = ChunkSchedule(cuts: [], makespan: .infinity)
        for factor in [1, 0.9, 1.11, 0.8, 0.65, 0.5, 0.35, 0.2] {
            let count = Int(min(max(1, ideal * factor), Double(counts.upperBound)).rounded())
            guard !tried.contains(max(count, counts.lowerBound)) else { continue }
            tried.append(max(count, counts.lowerBound))
            let schedule = ChunkSchedule(
                cuts: cuts.cuts(count: tried[tried.count - 1]), in: pipeline)
            if schedule.makespan < best.makespan { best = schedule }
        }
        return best
    }
}

extension ChunkSchedule {
    /// The same cuts, and more where a chunk takes longer than `seconds` of a stage; pages may
    /// make one a little longer.
    package func limited(
        to seconds: Double, on stage: PrefillCost, of grid: ChunkGrid
    ) -> ChunkSchedule {
        var limited: [Int] = [grid.positions.lowerBound]
        for chunk in chunks {
            let room = seconds - stage.overhead(after: chunk.lowerBound)
            let count = (stage.work(chunk) / room).rounded(.up)
            guard room > 0, count > 1 else {
                limited.append(chunk.upperBound)
                continue
            }
            let part = ChunkGrid(
                positions: chunk, pageSize: grid.pageSize, chunkTokensMax: grid.chunkTokensMax)
            let cuts = EqualTimeCuts(cost: stage, grid: part)
                .cuts(count: Int(min(count, Double(part.pageCount))))
            limited += cuts.dropFirst()
        }
        return ChunkSchedule(cuts: limited, makespan: makespan)
    }
}
