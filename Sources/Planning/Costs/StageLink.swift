/// The way of a chunk's activations from one stage to the next, while both go on computing.
package struct StageLink: Hashable, Sendable {
    /// Seconds.
    package var latency: Double
    package var secondsPerToken: Double

    package init(latency: Double, secondsPerToken: Double) {
        self.latency = latency
        self.secondsPerToken = secondsPerToken
    }
}
