import JSON
import PipelineTypes
import Tokenization

/// The wording of `/v1/chat/completions`.
struct ChatFormat: ResponseFormat {
    var identity: ResponseIdentity
    /// Sequences generated from the one prompt.
    var choices: Int
    /// nil reports no log probabilities.
    var logprobs: ChatLogprobs?
    var streamOptions: StreamOptions

    func body(for transcripts: [Transcript]) -> JSONValue {
        let choices = transcripts.enumerated().map { sequence, transcript in
            choice(
                sequence,
                ("message", ["role": "assistant", "content": .string(transcript.text)]),
                tokens: transcript.tokens, outcome: transcript.outcome)
        }
        var response = envelope("chat.completion", choices: choices)
        response["usage"] = Usage.of(transcripts, choicesPerPrompt: self.choices)
        return .object(response)
    }

    func makeEvents() -> any EventFormat {
        ChatEvents(format: self)
    }

    fileprivate func choice(
        _ sequence: Int, _ content: (key: String, value: JSONValue), tokens: [ScoredToken],
        outcome: GenerationOutcome?
    ) -> JSONValue {
        var choice = JSONObject()
        choice["index"] = .integer(sequence)
        choice[content.key] = content.value
        choice["logprobs"] = tokens.isEmpty ? .null : logprobs?.json(tokens) ?? .null
        choice.appendFinish(outcome)
        return .object(choice)
    }

    fileprivate func envelope(_ object: String, choices: [JSONValue]) -> JSONObject {
        JSONObject([
            .init(key: "id", value: .string(identity.id)),
            .init(key: "object", value: .string(object)),
            .init(key: "created", value: .integer(identity.created)),
            .init(key: "model", value: .string(identity.model)),
            .init(key: "choices", value: .array(choices)),
        ])
    }
}

/// The events of a streamed chat.
private struct ChatEvents: EventFormat {
    private let format: ChatFormat
    private var hasBegun: [Bool]
    private var usage: Usage

    init(format: ChatFormat) {
        self.format = format
        hasBegun = Array(repeating: false, count: format.choices)
        usage = Usage(choicesPerPrompt: format.choices)
    }

    mutating func events(
        for piece: GenerationPiece, of sequence: Int, transcript: Transcript
    ) -> [JSONValue] {
        usage.update(sequence, with: transcript)
        var events: [JSONValue] = []
        if !hasBegun[sequence] {
            // Not before the first token: clients take this event for it.
            hasBegun[sequence] = true
            events.append(
                event(sequence, delta: ["role": "assistant", "content": ""], GenerationPiece()))
        }
        let isSilent = piece.text.isEmpty && piece.outcome == nil && format.logprobs == nil
        if !isSilent || format.streamOptions.usageIsContinuous {
            let isBareEnd = piece.text.isEmpty && piece.outcome != nil
            events.append(
                event(
                    sequence, delta: isBareEnd ? [:] : ["content": .string(piece.text)], piece))
        }
        return events
    }

    func closingEvents() -> [JSONValue] {
        guard format.streamOptions.includesUsage else { return [] }
        var event = format.envelope("chat.completion.chunk", choices: [])
        event["usage"] = usage.json
        return [.object(event)]
    }

    private func event(
        _ sequence: Int, delta: JSONValue, _ piece: GenerationPiece
    ) -> JSONValue {
        let choice = format.choice(
            sequence, ("delta", delta), tokens: piece.tokens, outcome: piece.outcome)
        var event = format.envelope("chat.completion.chunk", choices: [choice])
        if format.streamOptions.usageIsContinuous {
            event["usage"] = usage.json
        } else if format.streamOptions.includesUsage {
            event["usage"] = .null
        }
        return .object(event)
    }
}
