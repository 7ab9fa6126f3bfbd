/// The chunks that travel the pipeline together, in the order in which every stage computes them.
package struct Microbatch: Hashable, Sendable {
    package var id: MicrobatchID
    package var chunks: [Chunk]

    package init(id: MicrobatchID, chunks: [Chunk]) {
        self.id = id
        self.chunks = chunks
    }

    /// Rows of activations that this microbatch has: the tokens of all its chunks.
    package var tokenCount: Int {
        chunks.reduce(0) { $0 + $1.tokens.count }
    }
}

/// A run of consecutive positions of one request, computed in one pass; a decode step is a chunk
/// of one token. It carries all that a stage needs to know of the request.
package struct Chunk: Hashable, Sendable {
    package var request: RequestID
    /// The position of the first token.
    package var start: Int
    package var tokens: [TokenID]
    /// The page table: the pages that hold positions 0 ..< end, in order.
    package var pages: [PageID]
    /// What the last stage computes from the chunk's final hidden states.
    package var outputs: ChunkOutputs

    package init(
        request: RequestID, start: Int, tokens: [TokenID], pages: [PageID],
        outputs: ChunkOutputs = ChunkOutputs()
    ) {
        self.request = request
        self.start = start
        self.tokens = tokens
        self.pages = pages
        self.outputs = outputs
    }

    /// The position after the last token.
    package var end: Int {
        start + tokens.count
    }
}

/// What the last stage computes from a chunk besides its keys and values.
package struct ChunkOutputs: Hashable, Sendable {
    /// Sample the token that follows the chunk's last position.
    package var sampling: SamplingStep?
    /// Score known tokens of the prompt.
    package var promptLogprobs: PromptLogprobStep?

    package init(sampling: SamplingStep? = nil, promptLogprobs: PromptLogprobStep? = nil) {
        self.sampling = sampling
        self.promptLogprobs = promptLogprobs
    }

    package var isEmpty: Bool {
        sampling == nil && promptLogprobs == nil
    }
}

/// How to sample one token. All that depends on the request's history is spelled out, because
/// stages remember nothing of a request but its KV pages.
package struct SamplingStep: Hashable, Sendable {
    /// 0 takes the most likely token.
    package var temperature: Float
    package var topP: Float
    /// nil keeps the whole vocabulary.
    package var topK: Int?
    package var minP: Float
    /// The random draw is a function of the seed and of the sampled position alone.
    package var seed: UInt64
    /// Added to the logits; `-infinity` forbids a token.
    package var logitBias: [TokenBias]
    package var penalties: PenaltyStep?
    /// Report the log probability of the sampled token, and these others; nil reports none.
    package var logprobs: LogprobSelection?

    package init(
        temperature: Float, topP: Float, topK: Int?, minP: Float, seed: UInt64,
        logitBias: [TokenBias], penalties: PenaltyStep?, logprobs: LogprobSelection?
    ) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.minP = minP
        self.seed = seed
        self.logitBias = logitBias
        self.penalties = penalties
        self.logprobs = logprobs
    }
}

/// An amount added to one token's logit.
package struct TokenBias: Hashable, Sendable {
    package var token: TokenID
    package var bias: Float

    package init(token: TokenID, bias: Float) {
        self.token = token
        self.bias = bias
    }
}

/// The penalties of one sampling step together with the history that they punish.
package struct PenaltyStep: Hashable, Sendable {
    /// Subtracted once per occurrence in the output so far.
    package var frequency: Float
    /// Subtracted once if the token occurs in the output so far.
    package var presence: Float
    /// Divides positive and multiplies negative logits of tokens seen in prompt or output.
    package var repetition: Float
    /// Tokens of the output so far with their counts, in ascending order of token.
    package var outputCounts: [TokenCount]
    /// Distinct tokens of the prompt in ascending order; empty unless `repetition` is not 1.
    package var promptTokens: [TokenID]

    package init(
        frequency: Float, presence: Float, repetition: Float, outputCounts: [TokenCount],
        promptTokens: [TokenID]
    ) {
        self.frequency = frequency
        self.presence = presence
        self.repetition = repetition
        self.outputCounts = outputCounts
        self.promptTokens = promptTokens
    }
}

/// How often a token occurs.
package struct TokenCount: Hashable, Sendable {
    package var token: TokenID
    package var count: UInt32

    package init(token: TokenID, count: UInt32) {
        self.token = token
        self.count = count
    }
}

/// Which log probabilities to report beside that of the token itself.
package struct LogprobSelection: Hashable, Sendable {
    /// The most likely so many tokens.
    package var topCount: Int
    /// These tokens, whatever their rank.
    package var tokens: [TokenID]

    package init(topCount: Int = 0, tokens: [TokenID] = []) {
        self.topCount = topCount
        self.tokens = tokens
    }
}

/// Scores the tokens that follow a chunk's positions in the prompt.
package struct PromptLogprobStep: Hashable, Sendable {
    /// The first row of the chunk (0 is its first token) whose successor is scored.
    package var firstRow: Int
    /// The successors of rows firstRow ..< firstRow + targets.count.
    package var targets: [TokenID]
    package var selection: LogprobSelection

    package init(firstRow: Int, targets: [TokenID], selection: LogprobSelection) {
        self.firstRow = firstRow
        self.targets = targets
        self.selection = selection
    }
}
