/// When chunks leave a pipeline with links: each stage computes them in order, sends go on beside
/// the computation, and no more microbatches are under way than are allowed.
///
/// C(i, s) = max(C(i − 1, s), A(i, s)) + p(i, s), where A(i, s) is when the chunk has arrived: from
/// the stage before over the link, which carries one chunk at a time; on the first stage, when
/// chunk i − W has left the pipeline.
package struct LinkedStages: Hashable, Sendable {
    package var stages: [PrefillCost]
    /// One between each two stages.
    package var links: [LinkCost]
    /// Microbatches that may be under way at once (W).
    package var inFlightMax: Int

    package init(stages: [PrefillCost], links: [LinkCost], inFlightMax: Int) {
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
        seconds: (PrefillCost) -> Double
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
