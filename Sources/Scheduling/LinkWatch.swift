import ChunkSizing
import PipelineTypes

/// Learns what the links between the stages take from when microbatches came and went.
struct LinkWatch: Sendable {
    private var models: [LinkCostModel]
    /// When each stage had the last microbatch that came back, and when it had computed it.
    private var last: [StageTiming]?

    init(stageCount: Int, links: [LinkCost]?) {
        precondition(links == nil || links?.count == stageCount - 1, "one cost for each link")
        models =
            links.map { $0.map(LinkCostModel.init(expecting:)) }
            ?? [LinkCostModel](repeating: LinkCostModel(), count: stageCount - 1)
    }

    /// What links take; those of which nothing is known take nothing.
    var costs: [LinkCost] {
        models.map { $0.cost ?? .zero }
    }

    /// Takes note of a microbatch that went from stage to stage. Those that had to wait for the
    /// link, or found the next stage at work, do not tell how long their way was.
    mutating func note(tokens: Int, _ timings: [StageTiming]) {
        defer { last = timings }
        guard let last, last.count == timings.count, timings.count == models.count + 1 else {
            return
        }
        for link in models.indices {
            let (sender, receiver) = (timings[link], timings[link + 1])
            guard sender.computeEnded >= last[link + 1].received,
                receiver.received >= last[link + 1].computeEnded
            else { continue }
            models[link].add(
                tokens: tokens, seconds: receiver.received.seconds(since: sender.computeEnded))
        }
    }

    /// The next pipeline begins with nothing on its way.
    mutating func forgetInstants() {
        last = nil
    }
}
