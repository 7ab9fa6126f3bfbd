import JSON
import PipelineTypes
import Tokenization

/// One sequence of a `/generate` request.
struct NativeItem: Sendable {
    /// The client's name for it, or one of ours.
    var id: String
    /// nil reports no log probabilities.
    var logprobs: NativeLogprobOptions?
}

/// The wording of `/generate`: a stream repeats all output so far in every event.
struct NativeFormat: ResponseFormat {
    var plans: [GenerationPlan]
    var items: [NativeItem]
    /// The response is a list, and events carry an index.
    var isList: Bool
    /// nil leaves the text out.
    var tokenizer: Tokenizer?
    /// When the request came, before its text was encoded.
    private let began: ContinuousClock.Instant

    init(
        plans: [GenerationPlan], items: [NativeItem], isList: Bool, tokenizer: Tokenizer?,
        began: ContinuousClock.Instant
    ) {
        self.plans = plans
        self.items = items
        self.isList = isList
        self.tokenizer = tokenizer
        self.began = began
    }

    func body(for transcripts: [Transcript]) -> JSONValue {
        let bodies = transcripts.enumerated().map { sequence, transcript in
            var output = NativeOutput(sequence: sequence, format: self)
            output.append(transcript.tokens)
            return JSONValue.object(output.json(transcript))
        }
        return isList ? .array(bodies) : bodies[0]
    }

    func makeEvents() -> any EventFormat {
        NativeEvents(format: self)
    }

    fileprivate var secondsSinceBeginning: Double {
        (ContinuousClock.now - began) / .seconds(1)
    }
}

/// The output of one sequence so far, each part of it encoded once.
private struct NativeOutput: Sendable {
    private let sequence: Int
    private let format: NativeFormat
    private var ids = GrowingJSONArray()
    private var outputLogprobs: NativeLogprobLists?
    private var promptLogprobs: NativeLogprobLists?
    private var hasPromptLogprobs = false

    init(sequence: Int, format: NativeFormat) {
        self.sequence = sequence
        self.format = format
        outputLogprobs = format.items[sequence].logprobs.map {
            NativeLogprobLists(options: $0, tokenizer: format.tokenizer)
        }
        promptLogprobs = outputLogprobs
    }

    mutating func append(_ tokens: [ScoredToken]) {
        for token in tokens { ids.append(.integer(Int(token.token))) }
        outputLogprobs?.append(tokens)
    }

    /// Everything that the transcript and the appended tokens hold. The prompt's scores are
    /// complete by the first time.
    mutating func json(_ transcript: Transcript) -> JSONObject {
        if !hasPromptLogprobs {
            hasPromptLogprobs = true
            if let start = format.items[sequence].logprobs?.promptStart {
                let prompt = format.plans[sequence].scoredPrompt(
                    from: start, scores: transcript.promptScores)
                promptLogprobs?.append(prompt)
            }
        }
        var output = JSONObject()
        if format.tokenizer != nil { output["text"] = .string(transcript.text) }
        output["output_ids"] = ids.value
        output["meta_info"] = .object(meta(transcript))
        return output
    }

    private func meta(_ transcript: Transcript) -> JSONObject {
        var meta = JSONObject()
        meta["id"] = .string(format.items[sequence].id)
        meta["finish_reason"] =
            transcript.outcome?.nativeReason(length: transcript.tokens.count) ?? .null
        meta["prompt_tokens"] = .integer(transcript.promptTokenCount)
        meta["completion_tokens"] = .integer(transcript.tokens.count)
        meta["cached_tokens"] = .integer(transcript.cachedTokenCount)
        promptLogprobs?.write("input", to: &meta)
        outputLogprobs?.write("output", to: &meta)
        if transcript.outcome != nil {
            meta["e2e_latency"] = .number(format.secondsSinceBeginning)
        }
        return meta
    }
}

private struct NativeEvents: EventFormat {
    private let format: NativeFormat
    private var outputs: [NativeOutput]

    init(format: NativeFormat) {
        self.format = format
        outputs = format.items.indices.map { NativeOutput(sequence: $0, format: format) }
    }

    mutating func events(
        for piece: GenerationPiece, of sequence: Int, transcript: Transcript
    ) -> [JSONValue] {
        outputs[sequence].append(piece.tokens)
        var event = outputs[sequence].json(transcript)
        if format.isList { event["index"] = .integer(sequence) }
        return [.object(event)]
    }

    func closingEvents() -> [JSONValue] {
        []
    }
}

extension GenerationOutcome {
    /// The `finish_reason` of `/generate`.
    fileprivate func nativeReason(length: Int) -> JSONValue {
        switch self {
        case .stoppedAtToken, .stoppedAtString: ["type": "stop", "matched": matchedStop]
        case .lengthReached: ["type": "length", "length": .integer(length)]
        case .aborted: ["type": "abort", "message": "The request was aborted."]
        case .failed(let error): ["type": "abort", "message": .string(error.message)]
        }
    }
}
