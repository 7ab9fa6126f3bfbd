import JSON

/// Token counts of one request. The choices of one prompt share it, so it counts once.
struct Usage: Sendable {
    private let choicesPerPrompt: Int
    private var promptTokens: [Int: Int] = [:]
    private var cachedTokens: [Int: Int] = [:]
    private var completionTokens: [Int: Int] = [:]

    init(choicesPerPrompt: Int) {
        self.choicesPerPrompt = choicesPerPrompt
    }

    /// Takes the latest counts of a sequence.
    mutating func update(_ sequence: Int, with transcript: Transcript) {
        if sequence.isMultiple(of: choicesPerPrompt) {
            promptTokens[sequence] = transcript.promptTokenCount
            cachedTokens[sequence] = transcript.cachedTokenCount
        }
        completionTokens[sequence] = transcript.tokens.count
    }

    var json: JSONValue {
        let prompt = promptTokens.values.reduce(0, +)
        let completion = completionTokens.values.reduce(0, +)
        return [
            "prompt_tokens": .integer(prompt),
            "completion_tokens": .integer(completion),
            "total_tokens": .integer(prompt + completion),
            "prompt_tokens_details": [
                "cached_tokens": .integer(cachedTokens.values.reduce(0, +))
            ],
        ]
    }

    static func of(_ transcripts: [Transcript], choicesPerPrompt: Int) -> JSONValue {
        var usage = Usage(choicesPerPrompt: choicesPerPrompt)
        for (sequence, transcript) in transcripts.enumerated() {
            usage.update(sequence, with: transcript)
        }
        return usage.json
    }
}

/// When a stream reports its usage.
struct StreamOptions: Sendable {
    /// In an event of its own at the end.
    var includesUsage = false
    /// In every event.
    var usageIsContinuous = false

    init(_ field: JSONField) throws(APIError) {
        if !field.isAbsent, field.value?.kind != "an object" { throw field.unexpected("an object") }
        includesUsage = try field["include_usage"].boolean() ?? false
        usageIsContinuous = try field["continuous_usage_stats"].boolean() ?? false
    }
}
