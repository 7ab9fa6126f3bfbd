import ChunkSizing

/// The shortest makespan of all ways to cut on a grid's boundaries.
///
/// Goes through the boundaries and keeps, for each, every vector of the stages' completion times
/// that no other is at least as early as in all places.
enum Exhaustive {
    static func makespan(in pipeline: FlowShop, of grid: ChunkGrid) -> Double {
        let first = grid.positions.lowerBound
        let boundaries =
            Array(stride(from: first, to: grid.positions.upperBound, by: grid.pageSize))
            + [grid.positions.upperBound]
        var fronts: [[[Double]]] = [[pipeline.ready]]
        for (index, end) in boundaries.enumerated().dropFirst() {
            var front: [[Double]] = []
            for previous in 0..<index where end - boundaries[previous] <= grid.chunkTokensMax {
                for completions in fronts[previous] {
                    var time = 0.0
                    let next = zip(pipeline.stages, completions).map { stage, ready in
                        time =
                            max(time, ready)
                            + stage.seconds(
                                tokens: end - boundaries[previous], after: boundaries[previous])
                        return time
                    }
                    front.append(next)
                }
            }
            fronts.append(minimal(front))
        }
        return fronts[boundaries.count - 1].map { $0[$0.count - 1] }.min() ?? .infinity
    }

    private static func minimal(_ vectors: [[Double]]) -> [[Double]] {
        var kept: [[Double]] = []
        for vector in vectors.sorted(by: { $0.lexicographicallyPrecedes($1) })
        where !kept.contains(where: { zip($0, vector).allSatisfy { $0 <= $1 } }) {
            kept.append(vector)
        }
        return kept
    }
}
