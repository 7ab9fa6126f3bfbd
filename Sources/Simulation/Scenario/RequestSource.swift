/// Requests of one kind: how long they are, and when they come. A workload is made of several.
package struct RequestSource: Hashable, Sendable {
    /// When requests are submitted.
    package enum Arrivals: Hashable, Sendable {
        /// All at once, so many seconds after the beginning.
        case together(at: Double)
        /// Independently of each other, so many a second on average (a Poisson process).
        case poisson(perSecond: Double)
        /// By so many clients, each of which submits its next request when it has had the end of
        /// the last and thought for so long.
        case closedLoop(clients: Int, thinkSeconds: Double)
    }

    /// What the report calls them.
    package var name: String
    package var count: Int
    package var arrivals: Arrivals
    /// Every length in the range is as likely as any other.
    package var promptTokens: ClosedRange<Int>
    /// What generation is limited to.
    package var outputTokens: ClosedRange<Int>
    package var sharedPrefix: SharedPrefix?
    package var cancellation: Cancellation?
    /// So many tokens of the vocabulary, `TokenModel.vocabularySize`, end the generation.
    package var stopTokenCount = 0

    package init(
        name: String = "requests", count: Int = 1, arrivals: Arrivals = .together(at: 0),
        promptTokens: ClosedRange<Int>, outputTokens: ClosedRange<Int> = 1...1,
        sharedPrefix: SharedPrefix? = nil
    ) {
        self.name = name
        self.count = count
        self.arrivals = arrivals
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        self.sharedPrefix = sharedPrefix
    }
}

/// The beginning that prompts of one source have in common.
package struct SharedPrefix: Hashable, Sendable {
    /// How much of it a prompt has; no more than the prompt is long.
    package var tokens: ClosedRange<Int>
    /// Every prompt begins like one of so many texts.
    package var textCount: Int

    package init(tokens: ClosedRange<Int>, textCount: Int = 1) {
        self.tokens = tokens
        self.textCount = textCount
    }
}

/// Clients that go away.
package struct Cancellation: Hashable, Sendable {
    /// Of the source's requests, from 0 to 1.
    package var share: Double
    /// Seconds after the submission; every time in the range is as likely as any other.
    package var after: ClosedRange<Double>

    package init(share: Double, after: ClosedRange<Double>) {
        self.share = share
        self.after = after
    }
}
