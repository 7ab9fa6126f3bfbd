import JSON
import PipelineTypes
import Tokenization

/// The wording of `/v1/completions`.
struct CompletionFormat: ResponseFormat {
    var identity: ResponseIdentity
    var tokenizer: Tokenizer
    var plans: [GenerationPlan]
    var choicesPerPrompt: Int
    /// The response begins with the prompt.
    var echoes: Bool
    /// Alternatives beside each token; nil reports no log probabilities.
    var topCount: Int?
    var streamOptions: StreamOptions

    func body(for transcripts: [Transcript]) -> JSONValue {
        let choices = transcripts.enumerated().map { sequence, transcript in
            var logprobs = logprobs()
            return choice(
                sequence, text: echoedText(sequence) + transcript.text,
                logprobs: logprobs?.next(
                    echoedTokens(sequence, transcript) + transcript.tokens),
                outcome: transcript.outcome)
        }
        var response = envelope(choices: choices)
        response["usage"] = Usage.of(transcripts, choicesPerPrompt: choicesPerPrompt)
        return .object(response)
    }

    func makeEvents() -> any EventFormat {
        CompletionEvents(format: self)
    }

    fileprivate func logprobs() -> CompletionLogprobs? {
        topCount.map { CompletionLogprobs(tokenizer: tokenizer, topCount: $0) }
    }

    fileprivate func echoedText(_ sequence: Int) -> String {
        guard echoes else { return "" }
        let plan = plans[sequence]
        return tokenizer.decode(plan.prompt, skipSpecialTokens: plan.text.skipsSpecialTokens)
    }

    fileprivate func echoedTokens(_ sequence: Int, _ transcript: Transcript) -> [ScoredToken] {
        guard echoes else { return [] }
        return plans[sequence].scoredPrompt(from: 0, scores: transcript.promptScores)
    }

    fileprivate func choice(
        _ sequence: Int, text: String, logprobs: JSONValue?, outcome: GenerationOutcome?
    ) -> JSONValue {
        var choice = JSONObject()
        choice["index"] = .integer(sequence)
        choice["text"] = .string(text)
        choice["logprobs"] = logprobs ?? .null
        choice.appendFinish(outcome)
        return .object(choice)
    }

    fileprivate func envelope(choices: [JSONValue]) -> JSONObject {
        JSONObject([
            .init(key: "id", value: .string(identity.id)),
            .init(key: "object", value: "text_completion"),
            .init(key: "created", value: .integer(identity.created)),
            .init(key: "model", value: .string(identity.model)),
            .init(key: "choices", value: .array(choices)),
        ])
    }
}

/// The events of a streamed completion.
private struct CompletionEvents: EventFormat {
    private let format: CompletionFormat
    private var logprobs: [CompletionLogprobs?]
    private var hasBegun: [Bool]
    private var usage: Usage

    init(format: CompletionFormat) {
        self.format = format
        logprobs = Array(repeating: format.logprobs(), count: format.plans.count)
        hasBegun = Array(repeating: false, count: format.plans.count)
        usage = Usage(choicesPerPrompt: format.choicesPerPrompt)
    }

    mutating func events(
        for piece: GenerationPiece, of sequence: Int, transcript: Transcript
    ) -> [JSONValue] {
        usage.update(sequence, with: transcript)
        var text = piece.text
        var tokens = piece.tokens
        if !hasBegun[sequence] {
            hasBegun[sequence] = true
            text = format.echoedText(sequence) + text
            tokens = format.echoedTokens(sequence, transcript) + tokens
        }
        let isSilent = text.isEmpty && piece.outcome == nil && format.topCount == nil
        if isSilent, !format.streamOptions.usageIsContinuous { return [] }
        let choice = format.choice(
            sequence, text: text, logprobs: logprobs[sequence]?.next(tokens),
            outcome: piece.outcome)
        var event = format.envelope(choices: [choice])
        if format.streamOptions.usageIsContinuous {
            event["usage"] = usage.json
        } else if format.streamOptions.includesUsage {
            event["usage"] = .null
        }
        return [.object(event)]
    }

    func closingEvents() -> [JSONValue] {
        guard format.streamOptions.includesUsage else { return [] }
        var event = format.envelope(choices: [])
        event["usage"] = usage.json
        return [.object(event)]
    }
}
