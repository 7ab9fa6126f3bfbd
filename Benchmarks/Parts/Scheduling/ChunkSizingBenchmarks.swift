@testable import ChunkSizing

/// Plans of 128K tokens at 8 stages: as `penstock chunks` makes them, and as a scheduler does while
/// the pipeline waits.
func chunkSizingBenchmarks() {
    for areEqual in [true, false] {
        let kind = areEqual ? "equal" : "unequal"
        plan("thorough", kind, areEqual, .thorough)
        plan("quick", kind, areEqual, .quick(tolerance: 0.03))
    }
}

private func plan(
    _ name: String, _ kind: String, _ areEqual: Bool, _ effort: OptimalChunks.Effort
) {
    let grid = ChunkGrid(positions: 0..<1 << 17, pageSize: 64, chunkTokensMax: 1 << 14)
    measure("chunk sizing: \(name), 128K tokens, 8 \(kind) stages") {
        FlowShop(stages: Workloads.stages(8, areEqual: areEqual))
    } timing: {
        OptimalChunks.schedule(in: $0, of: grid, effort: effort)
    } expect: { pipeline, schedule in
        let bound = OptimalChunks.lowerBound(stages: pipeline.stages, of: grid)
        let isWhole = schedule.cuts.first == 0 && schedule.cuts.last == 1 << 17
        return isWhole && (bound...1.2 * bound).contains(schedule.makespan)
    }
}
