/// The pipeline as a permutation flow shop: every stage computes the chunks in the same order, a
/// chunk after its predecessor on this stage and after itself on the stage before,
/// C(i, s) = max(C(i − 1, s), C(i, s − 1)) + p(i, s).
package struct FlowShop: SchedulePipeline, Hashable, Sendable {
    package var stages: [PrefillCost]
    /// Seconds from now until each stage has computed what is in flight already.
    package var ready: [Double]
    package var chunkPenalty: Double

    /// `ready` may be left out where nothing is in flight.
    package init(stages: [PrefillCost], ready: [Double]? = nil, chunkPenalty: Double = 0) {
        precondition(!stages.isEmpty, "a pipeline needs a stage")
        precondition(ready == nil || ready?.count == stages.count, "one time for each stage")
        self.stages = stages
        self.ready = ready ?? [Double](repeating: 0, count: stages.count)
        self.chunkPenalty = chunkPenalty
    }

    package func advance(_ completions: inout [Double], _ start: Int, _ end: Int) {
        var before = 0.0
        for stage in stages.indices {
            before =
                max(before, completions[stage])
                + stages[stage].seconds(tokens: end - start, after: start)
            completions[stage] = before
        }
    }

    package func prepend(_ start: Int, _ end: Int, to remainders: inout [Double]) {
        var after = 0.0
        for stage in stages.indices.reversed() {
            after =
                max(after, remainders[stage])
                + stages[stage].seconds(tokens: end - start, after: start)
            remainders[stage] = after
        }
    }

    /// The stage that takes longest for the whole run of positions.
    package func bottleneck(_ positions: Range<Int>) -> PrefillCost {
        stages.max { $0.seconds(positions) < $1.seconds(positions) } ?? .zero
    }

    /// What all stages but the slowest one take for these positions, as a multiple of that one.
    package func followers(_ positions: Range<Int>) -> Double {
        let works = stages.map { $0.seconds(positions) }
        let longest = works.max() ?? 0
        return longest > 0 ? works.reduce(0, +) / longest - 1 : 0
    }

    /// Whether the stages' times for these positions differ by no more than this share.
    func isUniform(_ positions: Range<Int>, within tolerance: Double) -> Bool {
        let works = stages.map { $0.seconds(positions) }
        return (works.max() ?? 0) <= (works.min() ?? 0) * (1 + tolerance)
    }

    /// Whether nothing is in flight, and nobody waits.
    var isEmpty: Bool {
        ready.allSatisfy { $0 == 0 } && chunkPenalty == 0
    }

    /// Whether all stages cost the same and none has anything in flight.
    var isUniform: Bool {
        stages.dropFirst().allSatisfy { $0 == stages[0] } && isEmpty
    }
}
