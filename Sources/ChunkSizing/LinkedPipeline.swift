/// A pipeline with links as what schedules of one prompt are judged by.
package struct LinkedPipeline: SchedulePipeline {
    private let linked: LinkedStages
    package var stages: [PrefillCost] { linked.stages }
    package let ready: [Double]
    package let chunkPenalty: Double

    /// - Parameter ready: The times before the first chunk; those of an empty pipeline if left out.
    package init(_ linked: LinkedStages, ready: [Double]? = nil, chunkPenalty: Double = 0) {
        self.linked = linked
        self.ready = ready ?? linked.ready
        self.chunkPenalty = chunkPenalty
    }

    /// A link that carries a chunk keeps others waiting as a stage does.
    package var machines: [PrefillCost] {
        let links = linked.links.map {
            PrefillCost(fixed: 0, linear: $0.secondsPerToken, attention: 0)
        }
        return [stages[0]] + zip(links, stages.dropFirst()).flatMap { [$0, $1] }
    }

    /// Seconds that a message takes over all links, however short it is.
    var latency: Double {
        linked.links.reduce(0) { $0 + $1.latency }
    }

    package func advance(_ times: inout [Double], _ start: Int, _ end: Int) {
        linked.advance(&times, start, end)
    }

    package func prepend(_ start: Int, _ end: Int, to remainders: inout [Double]) {
        linked.prepend(start, end, to: &remainders)
    }
}
