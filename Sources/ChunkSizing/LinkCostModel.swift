/// What is known of one link: its latency, and what each token adds, from messages that found the
/// link free and the receiver waiting.
///
/// The clocks of two hosts may differ by a constant. That goes into the latency, which is then too
/// short one way and too long the other; what a token adds does not depend on it.
package struct LinkCostModel: Hashable, Sendable {
    /// The newest messages of each order of magnitude of tokens.
    private var bins = [Newest<Message>](
        repeating: Newest(countMax: Self.messagesPerBin), count: Self.binCount)

    private struct Message: Hashable, Sendable {
        var tokens: Double
        var seconds: Double
    }

    private static let binCount = 32
    private static let messagesPerBin = 7

    package init() {}

    /// Expects a cost, until there are messages of the same lengths.
    package init(expecting cost: LinkCost) {
        for tokens in [16, 64, 256, 1024, 4096, 16_384] {
            add(tokens: tokens, seconds: cost.latency + cost.secondsPerToken * Double(tokens))
        }
    }

    /// Takes note of a message.
    package mutating func add(tokens: Int, seconds: Double) {
        guard tokens > 0, seconds.isFinite else { return }
        let magnitude = min(tokens.bitWidth - tokens.leadingZeroBitCount, Self.binCount) - 1
        bins[magnitude].add(Message(tokens: Double(tokens), seconds: seconds))
    }

    /// The line through what was measured that strays do not move: the median of the slopes of all
    /// pairs (Theil and Sen). nil until messages of different lengths are known.
    package var cost: LinkCost? {
        let points = bins.compactMap { Self.median($0.elements) }
        var slopes: [Double] = []
        for (index, first) in points.enumerated() {
            for second in points[(index + 1)...] where second.tokens >= 2 * first.tokens {
                slopes.append((second.seconds - first.seconds) / (second.tokens - first.tokens))
            }
        }
        guard !slopes.isEmpty else { return nil }
        let slope = max(0, PrefillCostFit.median(slopes))
        let latency = PrefillCostFit.median(points.map { $0.seconds - slope * $0.tokens })
        return LinkCost(latency: max(0, latency), secondsPerToken: slope)
    }

    /// The one of middling delay.
    private static func median(_ messages: [Message]) -> Message? {
        guard !messages.isEmpty else { return nil }
        return messages.sorted { $0.seconds < $1.seconds }[messages.count / 2]
    }
}
