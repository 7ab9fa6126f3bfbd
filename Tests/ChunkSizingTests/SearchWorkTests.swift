import Testing

@testable import ChunkSizing

@Suite("The work of a search for chunks") struct SearchWorkTests {
    /// Counts how often a chunk goes through all stages, of which only the slowest matters.
    private struct CountingPipeline: SchedulePipeline {
        final class Counter {
            var chunks = 0
        }

        let stages: [PrefillCost]
        let chunkPenalty = 0.0
        let slowest: PrefillCost
        let counter = Counter()

        init(_ shop: FlowShop, _ positions: Range<Int>) {
            stages = shop.stages
            slowest = shop.bottleneck(positions)
        }

        var ready: [Double] {
            [Double](repeating: 0, count: stages.count)
        }

        func advance(_ times: inout [Double], _ start: Int, _ end: Int) {
            counter.chunks += 1
            let seconds = slowest.seconds(tokens: end - start, after: start)
            // The sum so far, the longest, and what follows from them for the last stage.
            times[0] += seconds
            times[1] = max(times[1], seconds)
            times[stages.count - 1] = times[0] + Double(stages.count - 1) * times[1]
        }

        func prepend(_ start: Int, _ end: Int, to remainders: inout [Double]) {
            counter.chunks += 1
            remainders[stages.count - 1] += slowest.seconds(tokens: end - start, after: start)
        }
    }

    private static let cost = PrefillCost(fixed: 1e-4, linear: 1e-5, attention: 1e-9)

    /// Stages that all differ, the slowest of them in the middle.
    private static func stages(_ count: Int) -> [PrefillCost] {
        (0..<count).map { stage in
            cost.scaled(by: stage == count / 2 ? 3 : 1 + Double(stage * 7 % 13) / 13)
        }
    }

    @Test(
        "is bounded however long the prompt, short the page and many the stages",
        arguments: [
            (3, 36_000_000, 64), (8, 4_000_000, 64), (16, 2_200_000, 64),
            (64, 4_194_304, 16), (64, 67_108_864, 1), (1024, 131_072, 64),
            (4096, 67_108_864, 1),
        ])
    func isBounded(stageCount: Int, length: Int, pageSize: Int) {
        let grid = ChunkGrid(positions: 0..<length, pageSize: pageSize)
        let pipeline = CountingPipeline(
            FlowShop(stages: Self.stages(stageCount)), grid.positions)
        let schedule = ScheduleSearch(pipeline: pipeline, grid: grid, breadth: .thorough).run()
        let steps = Double(pipeline.counter.chunks) * Double(stageCount)
        // What a core takes in less than ten seconds.
        #expect(steps <= 3e9)
        #expect(schedule.cuts.first == 0 && schedule.cuts.last == length)
        print(
            "a search on \(stageCount) stages, \(length) tokens, page \(pageSize):",
            "\(pipeline.counter.chunks) chunks, \(steps) steps")
    }

    @Test("of ordinary sizes is as thorough as it can be")
    func isThorough() {
        for (stageCount, length) in [(2, 1_048_576), (16, 524_288), (64, 131_072)] {
            let stages = Self.stages(stageCount)
            let works = stages.map { $0.work(0..<length) + $0.fixed }
            let chunks = (works[stageCount / 2] * Double(stageCount - 1) / 3e-4).squareRoot()
            let task = SearchTask(
                pageCount: length / 64, chunkCount: min(chunks, Double(length / 64)), works: works,
                slowest: stageCount / 2)
            let breadth = SearchBreadth.thorough.fitting(task)
            #expect(breadth.improvedCount == SearchBreadth.thorough.improvedCount)
        }
    }

    @Test(
        "leaves little to gain where it is short",
        arguments: [(64, 4_194_304, 1), (1024, 1_048_576, 64)])
    func leavesLittle(stageCount: Int, length: Int, pageSize: Int) {
        let grid = ChunkGrid(positions: 0..<length, pageSize: pageSize)
        for stages in [
            Self.stages(stageCount), [PrefillCost](repeating: Self.cost, count: stageCount),
        ] {
            let schedule = OptimalChunks.schedule(in: FlowShop(stages: stages), of: grid)
            let bound = OptimalChunks.lowerBound(stages: stages, of: grid)
            #expect(schedule.makespan >= bound && schedule.makespan < 1.05 * bound)
            #expect(schedule.cuts.first == 0 && schedule.cuts.last == length)
        }
    }
}
