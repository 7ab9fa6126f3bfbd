import PipelineTypes
import SeededRandom

/// A model whose every answer is a hash of all the tokens before it, so that one wrong token,
/// position, page or count anywhere in a request's history changes all that follows.
enum FakeModel {
    static let vocabularySize: UInt64 = 97

    /// The key-value content of a position: a hash of its token and of all before it.
    static func content(of token: TokenID, after previous: UInt64?) -> UInt64 {
        mix((previous ?? 0x5EED) ^ mix(UInt64(token) + 1))
    }

    /// The contents of all positions of `tokens`.
    static func contents(of tokens: [TokenID]) -> [UInt64] {
        var contents: [UInt64] = []
        for token in tokens {
            contents.append(content(of: token, after: contents.last))
        }
        return contents
    }

    static func sample(_ step: SamplingStep, at content: UInt64) -> ScoredToken {
        var state = mix(content ^ step.seed)
        for entry in step.penalties?.outputCounts ?? [] {
            state = mix(state ^ UInt64(entry.token) << 32 ^ UInt64(entry.count))
        }
        for token in step.penalties?.promptTokens ?? [] {
            state = mix(state &+ UInt64(token))
        }
        let forbidden = step.logitBias.filter { $0.bias == -.infinity }.map(\.token)
        while forbidden.contains(TokenID(state % vocabularySize)) {
            state = mix(state)
        }
        let token = TokenID(state % vocabularySize)
        return step.logprobs == nil
            ? ScoredToken(token: token) : score(of: token, at: content)
    }

    static func score(of token: TokenID, at content: UInt64) -> ScoredToken {
        ScoredToken(token: token, logprob: -Float(mix(content ^ UInt64(token)) % 1000))
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var state = value &+ 0x9E37_79B9_7F4A_7C15
        state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
        return state ^ (state >> 31)
    }
}

/// What a request must be told, worked out without scheduler, pages or pipeline.
struct Oracle {
    var scores: [ScoredToken] = []
    var tokens: [ScoredToken] = []
    var reason = FinishReason.length

    init(_ request: GenerationRequest, limits: ServingLimits) {
        var history = request.prompt
        var contents = FakeModel.contents(of: history)
        if let start = request.logprobs.promptStart {
            for position in max(start, 1)..<max(start, 1, history.count) {
                let score = FakeModel.score(of: history[position], at: contents[position - 1])
                scores.append(score)
            }
        }
        let asked = request.sampling.maxNewTokens ?? Int.max
        let most = min(limits.contextLength, limits.tokenCapacity + 1) - request.prompt.count
        while tokens.count < min(asked, most) {
            let step = Self.step(request, history: history)
            let token = FakeModel.sample(step, at: contents.last!)
            tokens.append(token)
            history.append(token.token)
            contents.append(FakeModel.content(of: token.token, after: contents.last))
            if request.sampling.stopTokens.contains(token.token) {
                reason = .stopToken(token.token)
                return
            }
        }
    }

    /// The sampling step that must be asked for when all of `history` is known.
    static func step(_ request: GenerationRequest, history: [TokenID]) -> SamplingStep {
        let sampling = request.sampling
        let output = history.dropFirst(request.prompt.count)
        var bias = sampling.logitBias
        if output.count < sampling.minNewTokens {
            bias += sampling.stopTokens.map { TokenBias(token: $0, bias: -.infinity) }
        }
        var penalties: PenaltyStep?
        if (sampling.frequencyPenalty, sampling.presencePenalty, sampling.repetitionPenalty)
            != (0, 0, 1)
        {
            let distinct = Set(output).sorted()
            penalties = PenaltyStep(
                frequency: sampling.frequencyPenalty, presence: sampling.presencePenalty,
                repetition: sampling.repetitionPenalty,
                outputCounts: distinct.map { token in
                    TokenCount(token: token, count: UInt32(output.count { $0 == token }))
                },
                promptTokens: sampling.repetitionPenalty == 1 ? [] : Set(request.prompt).sorted())
        }
        return SamplingStep(
            temperature: sampling.temperature, topP: sampling.topP, topK: sampling.topK,
            minP: sampling.minP, seed: sampling.seed, logitBias: bias, penalties: penalties,
            logprobs: request.logprobs.output ? request.logprobs.selection : nil)
    }
}

extension SeededGenerator {
    /// True once in so many times.
    mutating func once(in times: Int) -> Bool {
        Int.random(in: 0..<times, using: &self) == 0
    }
}
