/// The way of a chunk's activations from one stage to the next, while both go on computing.
package struct LinkCost: Hashable, Sendable {
    /// Seconds.
    package var latency: Double
    /// Seconds for which a token keeps the link busy.
    package var secondsPerToken: Double

    package init(latency: Double, secondsPerToken: Double) {
        self.latency = latency
        self.secondsPerToken = secondsPerToken
    }

    package static let zero = LinkCost(latency: 0, secondsPerToken: 0)
}
