/// What comes back from the last stage when a microbatch has passed through the pipeline.
package struct MicrobatchResult: Hashable, Sendable {
    package var id: MicrobatchID
    /// One for each chunk of the microbatch, in its order.
    package var chunks: [ChunkResult]
    /// One for each stage, in pipeline order.
    package var timings: [StageTiming]

    package init(id: MicrobatchID, chunks: [ChunkResult], timings: [StageTiming]) {
        self.id = id
        self.chunks = chunks
        self.timings = timings
    }
}

/// What the last stage computed from one chunk.
package struct ChunkResult: Hashable, Sendable {
    package var request: RequestID
    /// The sampled token, if the chunk asked for one.
    package var sampled: ScoredToken?
    /// One for each target of the chunk's `PromptLogprobStep`.
    package var promptLogprobs: [ScoredToken]
    /// Whether the model's logits were finite numbers; if not, there are no tokens.
    package var isFinite = true

    package init(request: RequestID, sampled: ScoredToken?, promptLogprobs: [ScoredToken] = []) {
        self.request = request
        self.sampled = sampled
        self.promptLogprobs = promptLogprobs
    }
}

/// A token with the natural logarithm of the probability that the model gave it, before
/// temperature, penalties and bias; nil where nobody asked.
package struct ScoredToken: Hashable, Sendable {
    package var token: TokenID
    package var logprob: Float?
    /// The most likely tokens, best first; ties go to the lower id.
    package var top: [TokenLogprob]
    /// The tokens that the request named, in its order.
    package var selected: [TokenLogprob]

    package init(
        token: TokenID, logprob: Float? = nil, top: [TokenLogprob] = [],
        selected: [TokenLogprob] = []
    ) {
        self.token = token
        self.logprob = logprob
        self.top = top
        self.selected = selected
    }
}

/// A token and its log probability.
package struct TokenLogprob: Hashable, Sendable {
    package var token: TokenID
    package var logprob: Float

    package init(token: TokenID, logprob: Float) {
        self.token = token
        self.logprob = logprob
    }
}

/// When one stage worked on one microbatch, by the monotonic clock of its host.
package struct StageTiming: Hashable, Sendable {
    /// The microbatch had arrived in full; for an idle stage, when it began to wait is the end of
    /// its previous microbatch.
    package var received: Instant
    package var computeBegan: Instant
    package var computeEnded: Instant
    /// Nanoseconds spent waiting for an earlier send to complete before this one could start.
    package var sendWaitNanoseconds: Int64
    /// What the compute threads did between the two.
    package var work: ComputeTimes

    package init(
        received: Instant, computeBegan: Instant, computeEnded: Instant,
        sendWaitNanoseconds: Int64, work: ComputeTimes = ComputeTimes()
    ) {
        self.received = received
        self.computeBegan = computeBegan
        self.computeEnded = computeEnded
        self.sendWaitNanoseconds = sendWaitNanoseconds
        self.work = work
    }
}

/// What a stage's compute threads spent their time on, in nanoseconds of all threads together; the
/// rest is work on single rows (norms, rotations, activations, sampling). Zero where nobody looked.
package struct ComputeTimes: Hashable, Sendable {
    /// Matrix products.
    package var linear: Int64
    package var attention: Int64
    /// Threads waiting for each other.
    package var waiting: Int64

    package init(linear: Int64 = 0, attention: Int64 = 0, waiting: Int64 = 0) {
        self.linear = linear
        self.attention = attention
        self.waiting = waiting
    }

    package static func += (sum: inout ComputeTimes, other: ComputeTimes) {
        sum.linear += other.linear
        sum.attention += other.attention
        sum.waiting += other.waiting
    }
}
