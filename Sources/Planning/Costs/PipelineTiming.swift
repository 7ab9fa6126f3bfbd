package import ChunkSizing

/// When prompts leave a pipeline of stages and links.
package struct PipelineTiming: Hashable, Sendable {
    package var pipeline: LinkedStages
    /// Seconds that the last stage takes beside a prompt's chunks, for its first token: the head.
    package var headSeconds: Double

    package init(
        stages: [PrefillCost], links: [LinkCost], inFlightMax: Int, headSeconds: Double = 0
    ) {
        pipeline = LinkedStages(stages: stages, links: links, inFlightMax: inFlightMax)
        self.headSeconds = headSeconds
    }

    package var stages: [PrefillCost] { pipeline.stages }

    /// Seconds until each of several prompts that arrive together is done, one after the other.
    /// - Parameter prompts: each prompt's cuts, ascending.
    package func completions(of prompts: [[Int]]) -> [Double] {
        var times = pipeline.ready
        return prompts.map { cuts in
            for (start, end) in zip(cuts, cuts.dropFirst()) {
                pipeline.advance(&times, start, end)
            }
            times[stages.count - 1] += headSeconds
            times[times.count - 1] = times[stages.count - 1]
            return times[stages.count - 1]
        }
    }

    /// Seconds until a single prompt is done.
    package func completion(of cuts: [Int]) -> Double {
        completions(of: [cuts])[0]
    }

    /// For each stage, from when the next chunk may begin on the first.
    func secondsUntilReady(_ times: [Double]) -> [Double] {
        let begin = max(times[0], pipeline.admission(times))
        return times.prefix(stages.count).map { max(0, $0 - begin) }
    }
}
