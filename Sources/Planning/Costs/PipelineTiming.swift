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

    package init(stages: [StageCost], links: [StageLink], inFlightMax: Int) {
        precondition(!stages.isEmpty && links.count == stages.count - 1, "a link between stages")
        precondition(inFlightMax > 0, "nothing may be under way")
        self.stages = stages
        self.links = links
        self.inFlightMax = inFlightMax
    }

    /// Seconds until each of several prompts that arrive together is done, one after the other.
    /// - Parameter prompts: each prompt's cuts, ascending.
    package func completions(of prompts: [[Int]]) -> [Double] {
        var progress = Progress(self)
        return prompts.map { cuts in
            for (start, end) in zip(cuts, cuts.dropFirst()) { progress.add(start..<end) }
            return progress.end
        }
    }

    /// Seconds until a single prompt is done.
    package func completion(of cuts: [Int]) -> Double {
        completions(of: [cuts])[0]
    }

    private struct Progress {
        let timing: PipelineTiming
        /// When each stage has computed its last chunk, and each link has carried it.
        var computed: [Double]
        var carried: [Double]
        /// When the last chunks left the pipeline, the oldest at `oldest`.
        var departures: [Double]
        var oldest = 0

        init(_ timing: PipelineTiming) {
            self.timing = timing
            computed = [Double](repeating: 0, count: timing.stages.count)
            carried = [Double](repeating: 0, count: timing.links.count)
            departures = [Double](repeating: 0, count: timing.inFlightMax)
        }

        var end: Double {
            computed[computed.count - 1]
        }

        mutating func add(_ chunk: Range<Int>) {
            var arrival = departures[oldest]
            for stage in computed.indices {
                let begin = max(arrival, computed[stage])
                computed[stage] =
                    begin
                    + timing.stages[stage].seconds(tokens: chunk.count, after: chunk.lowerBound)
                guard stage < carried.count else { break }
                let link = timing.links[stage]
                carried[stage] =
                    max(carried[stage], computed[stage])
                    + link.secondsPerToken * Double(chunk.count)
                arrival = carried[stage] + link.latency
            }
            departures[oldest] = end
            oldest = (oldest + 1) % departures.count
        }
    }
}
