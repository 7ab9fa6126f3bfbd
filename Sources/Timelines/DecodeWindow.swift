/// The time in which all of some requests decode: from the first token of the last to come in until
/// the first has its last. Before and after, fewer share the pipeline.
package struct DecodeWindow: Hashable, Sendable {
    /// Of all requests together.
    package let tokensPerSecond: Double
    /// Median of the times between two tokens of a request.
    package let interTokenSecondsMedian: Double

    /// nil if some request does not get two tokens in that time, or no time passes.
    ///
    /// A request's rate is that of its own intervals, so that it makes no difference which of the
    /// tokens that come with the window's first and last ones count as earlier or later.
    ///
    /// - Parameter tokenSeconds: for each request, when its tokens came, in seconds, ascending.
    package init?(tokenSeconds: [[Double]]) {
        guard let began = tokenSeconds.map({ $0.first ?? .infinity }).max(),
            let ended = tokenSeconds.map({ $0.last ?? -.infinity }).min()
        else { return nil }
        var rate = 0.0
        var intervals: [Double] = []
        for seconds in tokenSeconds {
            let inside = seconds.filter { began <= $0 && $0 <= ended }
            guard let first = inside.first, let last = inside.last, first < last else {
                return nil
            }
            rate += Double(inside.count - 1) / (last - first)
            intervals += zip(inside, inside.dropFirst()).map { $1 - $0 }
        }
        intervals.sort()
        tokensPerSecond = rate
        interTokenSecondsMedian = intervals[intervals.count / 2]
    }
}
