import ChunkSizing

/// What the prompts that wait for the pipeline ask of its slowest stage.
struct QueuedWork: Hashable, Sendable {
    /// Prompts, the one whose turn it is among them.
    let count: Int
    /// Seconds of all of them.
    let total: Double
    /// The same as a multiple of the first one's.
    let crowd: Double

    /// - Parameter queue: What is to be computed of each prompt, in their order.
    init(of queue: [Range<Int>], on slowest: PrefillCost) {
        count = queue.count
        total = queue.reduce(0) { $0 + slowest.work($1) }
        let first = queue.first.map(slowest.work) ?? 0
        crowd = first > 0 ? total / first : 1
    }
}
