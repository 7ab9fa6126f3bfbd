/// What schedules are judged by: times that go on from chunk to chunk.
///
/// The first of the times, one for each stage, are those at which the stages have computed their
/// last chunk; more may follow, such as when links have carried it. Each chunk's times are maxima
/// of sums of those before it, so that they can be followed from the end as well.
package protocol SchedulePipeline {
    /// In pipeline order.
    var stages: [PrefillCost] { get }
    /// What chunks go through one after the other, stages and links, in pipeline order.
    var machines: [PrefillCost] { get }
    /// The times before the first chunk.
    var ready: [Double] { get }
    /// Seconds by which every chunk delays those who come after the prompt. They count as if the
    /// prompt itself were done later.
    var chunkPenalty: Double { get }

    /// Goes on by one chunk.
    func advance(_ times: inout [Double], _ start: Int, _ end: Int)

    /// Puts one chunk before what remains, from each of the times on, to the very end.
    func prepend(_ start: Int, _ end: Int, to remainders: inout [Double])
}

extension SchedulePipeline {
    package var machines: [PrefillCost] { stages }

    /// Seconds from now until the last stage has computed the last chunk, penalties included.
    /// `cuts` are the chunks' boundaries, the prompt's first uncomputed position among them.
    package func makespan(cuts: [Int]) -> Double {
        var times = ready
        for (start, end) in zip(cuts, cuts.dropFirst()) {
            advance(&times, start, end)
        }
        return makespan(times, cutCount: cuts.count)
    }

    /// What it is with the times after the last chunk.
    func makespan(_ times: [Double], cutCount: Int) -> Double {
        completion(times) + penalty(cutCount: cutCount)
    }

    func penalty(cutCount: Int) -> Double {
        Double(cutCount - 1) * chunkPenalty
    }

    /// When the last stage has computed its last chunk.
    package func completion(_ times: [Double]) -> Double {
        times[stages.count - 1]
    }
}
