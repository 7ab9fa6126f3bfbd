/// What one stage takes for a chunk.
package protocol ChunkCost: Hashable, Sendable {
    /// Seconds for `count` tokens that follow `start` others.
    func seconds(tokens count: Int, after start: Int) -> Double
}

extension PrefillCost: ChunkCost {}

/// When chunks leave a pipeline with links: each stage computes them in order, sends go on beside
/// the computation, and no more microbatches are under way than are allowed.
///
/// C(i, s) = max(C(i − 1, s), A(i, s)) + p(i, s), where A(i, s) is when the chunk has arrived: from
/// the stage before over the link, which carries one chunk at a time; on the first stage, when
/// chunk i − W has left the pipeline.
package struct LinkedStages<Cost: ChunkCost>: Hashable, Sendable {
    package var stages: [Cost]
    /// One between each two stages.
    package var links: [LinkCost]
    /// Microbatches that may be under way at once (W).
    package var inFlightMax: Int

    package init(stages: [Cost], links: [LinkCost], inFlightMax: Int) {
        precondition(!stages.isEmpty && links.count == stages.count - 1, "a link between stages")
        precondition(inFlightMax > 0, "nothing may be under way")
        self.stages = stages
        self.links = links
        self.inFlightMax = inFlightMax
    }
}

/// The times are, in this order: when each stage has computed its last chunk, when each link has
/// carried it, and when the last W chunks have left the pipeline, the oldest first.
extension LinkedStages {
    /// The times of an empty pipeline.
    package var ready: [Double] {
        [Double](repeating: 0, count: stages.count + links.count + inFlightMax)
    }

    /// When the next chunk may begin on the first stage.
    package func admission(_ times: [Double]) -> Double {
        times[oldestDeparture]
    }

    private var oldestDeparture: Int {
        stages.count + links.count
    }

    /// Goes on by one chunk of a prompt.
    package func advance(_ times: inout [Double], _ start: Int, _ end: Int) {
        advance(&times, from: admission(times), tokens: Double(end - start)) {
            $0.seconds(tokens: end - start, after: start)
        }
    }

    /// Goes on by a microbatch that gets to the first stage at `arrival`.
    package func advance(
        _ times: inout [Double], from arrival: Double, tokens: Double,
        seconds: (Cost) -> Double
    ) {
        var arrival = arrival
        for stage in stages.indices {
            let begin = max(arrival, times[stage])
            let computed = begin + seconds(stages[stage])
            times[stage] = computed
            guard stage < links.count else { break }
            let link = links[stage]
            let carried =
                max(times[stages.count + stage], computed) + link.secondsPerToken * tokens
            times[stages.count + stage] = carried
            arrival = carried + link.latency
        }
        for place in oldestDeparture..<times.count - 1 { times[place] = times[place + 1] }
        times[times.count - 1] = times[stages.count - 1]
    }

    /// The same backwards: what remains after each of the times, given what does after those
    /// that the chunk leaves behind.
    package func prepend(_ start: Int, _ end: Int, to remainders: inout [Double]) {
        let departed = remainders[remainders.count - 1]
        for place in (oldestDeparture + 1..<remainders.count).reversed() {
            remainders[place] = remainders[place - 1]
        }
        // From when the chunk is there on, to the end.
        var arrived = departed
        for stage in stages.indices.reversed() {
            var computed = max(arrived, remainders[stage])
            if stage < links.count {
                let link = links[stage]
                let place = stages.count + stage
                let carried = max(arrived + link.latency, remainders[place])
                remainders[place] = carried + link.secondsPerToken * Double(end - start)
                computed = max(remainders[stage], remainders[place])
            }
            arrived = computed + stages[stage].seconds(tokens: end - start, after: start)
            remainders[stage] = arrived
        }
        remainders[oldestDeparture] = arrived
    }
}

/// A pipeline with links as what schedules of one prompt are judged by.
package struct LinkedPipeline<Cost: ChunkCost>: SchedulePipeline {
    private let linked: LinkedStages<Cost>
    package let stages: [PrefillCost]
    package let ready: [Double]
    package let chunkPenalty: Double

    /// - Parameters:
    ///   - costs: The stages' costs, or near enough to look for cuts by.
    ///   - ready: The times before the first chunk; those of an empty pipeline if left out.
    package init(
        _ linked: LinkedStages<Cost>, costs: [PrefillCost], ready: [Double]? = nil,
        chunkPenalty: Double = 0
    ) {
        self.linked = linked
        stages = costs
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
