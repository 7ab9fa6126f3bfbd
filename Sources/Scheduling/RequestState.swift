import KVPaging
import PipelineTypes

/// One request, from its submission until it has ended and no chunk of it is in flight.
///
/// Its known tokens are the prompt and what was generated so far:
///
///     0                      dispatched            tokens.count
///     |-- computed, or will be --|---- remaining ----|
///
/// Prefill and decode are not told apart: a prompt has many tokens remaining, and a decode step is
/// due when one remains. The next token is sampled where the last known token is computed.
struct RequestState: Sendable {
    enum Phase: Sendable {
        /// In the queue, holding nothing. Becomes `running`, or ends.
        case waiting
        /// Holds pages; chunks of it may be dispatched. Becomes `steppingBack`, or `waiting` at
        /// once if no chunk is in flight or the pipeline is lost; or `draining`, or ends at once.
        case running
        /// In the queue again, while chunks in flight still use its pages. Their results count.
        /// Becomes `waiting` when they are back, or `draining`, or ends with their results.
        case steppingBack
        /// Has ended and said so, while chunks in flight still use its pages. Their results are
        /// dropped. Is forgotten when they are back.
        case draining
    }

    let id: RequestID
    let sampling: SamplingParameters
    let logprobs: LogprobOptions
    let promptCount: Int
    /// Pages at the beginning that are never computed.
    private let uncomputedPages: Int
    /// Generation ends at so many tokens, prompt and output together.
    let tokenCountMax: Int
    /// Submissions before this one.
    let age: Int
    let submitted: Instant

    var phase = Phase.waiting
    /// The client has been told that it left the queue.
    var isStarted = false
    /// It ran before, and was stopped by a lack of pages or a loss of the pipeline.
    var isReplay = false
    /// Prompt and output.
    private(set) var tokens: [TokenID]
    /// Positions whose keys and values are in the pages, or will be when all in flight is back.
    private(set) var dispatched = 0
    /// The first microbatch that the next chunk could have been in.
    var dueSince = MicrobatchID(0)
    var chunksInFlight = 0
    var table = PageTable()
    /// Where its remaining tokens will be cut.
    var plan: ChunkPlan?
    /// The prompt token whose score is to be delivered next.
    var nextScored: Int
    private var penaltyHistory: PenaltyHistory?

    init(_ request: GenerationRequest, age: Int, tokenCountMax: Int, submitted: Instant) {
        id = request.id
        sampling = request.sampling
        logprobs = request.logprobs
        tokens = request.prompt
        promptCount = request.prompt.count
        uncomputedPages = request.uncomputedPages
        self.tokenCountMax = tokenCountMax
        self.age = age
        self.submitted = submitted
        nextScored = max(logprobs.promptStart ?? promptCount, 1)
        penaltyHistory = PenaltyHistory(prompt: request.prompt, sampling: sampling)
    }

    /// Its pages hold what its tokens say.
    var sharesPages: Bool {
        uncomputedPages == 0
    }

    /// Known tokens that have not been dispatched.
    var remaining: Int {
        tokens.count - dispatched
    }

    var generatedCount: Int {
        tokens.count - promptCount
    }

    /// A token is in flight or due: it takes one step per token from here on.
    var isDecoding: Bool {
        remaining <= 1 && tokens.count < tokenCountMax
    }

    /// It takes another step after the one in flight, so that what is dispatched now delays it.
    var hasStepsToCome: Bool {
        isDecoding && (remaining == 1 || tokens.count + 1 < tokenCountMax)
    }

    /// Pages that its known tokens need and that it does not hold yet.
    var missingPages: Int {
        Page.count(for: tokens.count) - table.pages.count
    }

    /// Positions from here on must be computed even if they are cached: the last known token,
    /// because the next one is sampled there, and those whose successors in the prompt are to be
    /// scored.
    var reuseLimit: Int {
        let nextScore = max(nextScored, dispatched + 1)
        return nextScore < promptCount ? nextScore - 1 : tokens.count - 1
    }

    /// Takes from the cache what continues its pages. Returns the number of positions.
    mutating func adoptPages(from kv: inout KVPages) -> Int {
        guard sharesPages else {
            kv.extend(&table, to: max(uncomputedPages, table.pages.count))
            dispatched = max(dispatched, uncomputedPages * Page.size)
            return 0
        }
        let positions = kv.adopt(&table, of: tokens, before: reuseLimit) * Page.size
        dispatched += positions
        return positions
    }

    /// The next `count` tokens, in flight from now on; their full pages can be shared.
    mutating func takeChunk(
        _ count: Int, in microbatch: MicrobatchID, from kv: inout KVPages
    ) -> Chunk {
        let positions = dispatched..<dispatched + count
        kv.extend(&table, to: Page.count(for: positions.upperBound))
        if sharesPages { kv.publish(&table, of: tokens, before: positions.upperBound) }
        dispatched = positions.upperBound
        dueSince = microbatch
        chunksInFlight += 1
        let outputs = ChunkOutputs(
            sampling: remaining == 0 && tokens.count < tokenCountMax ? samplingStep() : nil,
            promptLogprobs: promptLogprobStep(positions))
        return Chunk(
            request: id, start: positions.lowerBound, tokens: Array(tokens[positions]),
            pages: table.pages, outputs: outputs)
    }

    /// A token was sampled; its step is due from `microbatch` on.
    mutating func append(_ token: TokenID, dueSince microbatch: MicrobatchID) {
        tokens.append(token)
        penaltyHistory?.append(token)
        dueSince = microbatch
    }

    /// Why generation is complete after the last token, if it is.
    var finishReason: FinishReason? {
        if let last = tokens.last, generatedCount > 0, sampling.stopTokens.contains(last) {
            return .stopToken(last)
        }
        return tokens.count >= tokenCountMax ? .length : nil
    }

    /// Back to the queue, its pages gone: all known tokens are to be computed again.
    mutating func rewind() {
        precondition(table.pages.isEmpty, "a request that waits holds pages")
        phase = .waiting
        isReplay = true
        dispatched = 0
        chunksInFlight = 0
    }
}

extension RequestState {
    private func samplingStep() -> SamplingStep {
        var logitBias = sampling.logitBias
        if generatedCount < sampling.minNewTokens {
            logitBias += sampling.stopTokens.map { TokenBias(token: $0, bias: -.infinity) }
        }
        return SamplingStep(
            temperature: sampling.temperature, topP: sampling.topP, topK: sampling.topK,
            minP: sampling.minP, seed: sampling.seed, logitBias: logitBias,
            penalties: penaltyHistory?.step(sampling),
            logprobs: logprobs.output ? logprobs.selection : nil)
    }

    /// Scores the prompt tokens that follow `positions`. The prompt's last token has no successor
    /// in the prompt.
    private func promptLogprobStep(_ positions: Range<Int>) -> PromptLogprobStep? {
        let first = max(nextScored, positions.lowerBound + 1)
        let end = min(promptCount, positions.upperBound + 1)
        guard first < end else { return nil }
        return PromptLogprobStep(
            firstRow: first - 1 - positions.lowerBound, targets: Array(tokens[first..<end]),
            selection: logprobs.selection)
    }
}
