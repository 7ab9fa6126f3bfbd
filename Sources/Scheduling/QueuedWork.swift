import ChunkSizing

/// What the prompts that wait for the pipeline ask of its slowest stage.
struct QueuedWork: Hashable, Sendable {
    /// Seconds of all of them.
    let total: Double
    /// How often a delay of the first one's chunks counts.
    ///
    /// Let the k-th prompt be done with the slowest stage when W₁ + … + Wₖ seconds are computed,
    /// and let all chunks take t seconds and a fixed cost c. The mean time to the first token is
    /// W·(1 + c/t) + (P − 1)·(t + c), where W is the mean of those sums: the best t is that of one
    /// prompt alone whose fixed cost is W/W₁ times as high.
    let crowd: Double

    /// - Parameter queue: What is to be computed of each prompt, in their order.
    init(of queue: [Range<Int>], on slowest: PrefillCost) {
        var (ended, sum) = (0.0, 0.0)
        for positions in queue {
            ended += slowest.work(positions)
            sum += ended
        }
        let first = queue.first.map(slowest.work) ?? 0
        total = ended
        crowd = first > 0 ? sum / Double(queue.count) / first : 1
    }
}
