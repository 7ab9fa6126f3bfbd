import ChunkSizing

/// When chunks leave a pipeline: each stage computes them in order, sends go on beside the
/// computation, and no more microbatches are under way than are allowed.
///
/// C(i, s) = max(C(i − 1, s), A(i, s)) + p(i, s), where A(i, s) is when the chunk has arrived: from
/// the stage before over the link, which carries one chunk at a time; on the first stage, when
/// chunk i − W has left the pipeline.
package struct PipelineTiming: Hashable, Sendable {
    package var stages: [StageCost]
    /// One between each two stages.
    package var links: [StageLink]
    /// Microbatches that may be under way at once (W).
    package var inFlightMax: Int
    /// Seconds that the last stage takes beside a prompt's chunks, for its first token: the head.
    package var headSeconds: Double

    package init(
        stages: [StageCost], links: [StageLink], inFlightMax: Int, headSeconds: Double = 0
    ) {
        precondition(!stages.isEmpty && links.count == stages.count - 1, "a link between stages")
        precondition(inFlightMax > 0, "nothing may be under way")
        self.stages = stages
        self.links = links
        self.inFlightMax = inFlightMax
        self.headSeconds = headSeconds
    }

    /// Seconds until each of several prompts that arrive together is done, one after the other.
    /// - Parameter prompts: each prompt's cuts, ascending.
    package func completions(of prompts: [[Int]]) -> [Double] {
        var times = ready
        return prompts.map { cuts in
            for (start, end) in zip(cuts, cuts.dropFirst()) { advance(&times, start, end) }
            times[stages.count - 1] += headSeconds
            times[times.count - 1] = times[stages.count - 1]
            return times[stages.count - 1]
        }
    }

    /// Seconds until a single prompt is done.
    package func completion(of cuts: [Int]) -> Double {
        completions(of: [cuts])[0]
    }
}

/// The times are, in this order: when each stage has computed its last chunk, when each link has
/// carried it, and when the last W chunks have left the pipeline, the oldest first.
extension PipelineTiming {
    var ready: [Double] {
        [Double](repeating: 0, count: stages.count + links.count + inFlightMax)
    }

    /// For each stage, from when the next chunk may begin on the first.
    func secondsUntilReady(_ times: [Double]) -> [Double] {
        let begin = max(times[0], times[oldestDeparture])
        return times.prefix(stages.count).map { max(0, $0 - begin) }
    }

    private var oldestDeparture: Int {
        stages.count + links.count
    }

    func advance(_ times: inout [Double], _ start: Int, _ end: Int) {
        var arrival = times[oldestDeparture]
        for stage in stages.indices {
            let begin = max(arrival, times[stage])
            let computed = begin + stages[stage].seconds(tokens: end - start, after: start)
            times[stage] = computed
            guard stage < links.count else { break }
            let link = links[stage]
            let carried =
                max(times[stages.count + stage], computed)
                + link.secondsPerToken * Double(end - start)
            times[stages.count + stage] = carried
            arrival = carried + link.latency
        }
        for place in oldestDeparture..<times.count - 1 { times[place] = times[place + 1] }
        times[times.count - 1] = times[stages.count - 1]
    }

    /// The same backwards: what remains after each of the times, given what does after those
    /// that the chunk leaves behind.
    func prepend(_ start: Int, _ end: Int, to remainders: inout [Double]) {
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

/// A pipeline's timing as what schedules of one prompt are judged by.
struct TimedPipeline: SchedulePipeline {
    let timing: PipelineTiming
    let stages: [PrefillCost]
    let ready: [Double]

    init(_ timing: PipelineTiming, positions: Range<Int>) {
        self.timing = timing
        stages = timing.stages.map { $0.averaged(over: positions) }
        ready = timing.ready
    }

    func advance(_ times: inout [Double], _ start: Int, _ end: Int) {
        timing.advance(&times, start, end)
    }

    func prepend(_ start: Int, _ end: Int, to remainders: inout [Double]) {
        timing.prepend(start, end, to: &remainders)
    }
}
