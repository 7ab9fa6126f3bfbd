import JSON
import PipelineTypes

/// The names that a route gives to the parameters that are not called the same everywhere.
struct SamplingDialect: Sendable {
    var maxTokens: [String]
    var minTokens: String
    /// What holds where the request does not say; nil generates until the context is full.
    var maxTokensDefault: Int?

    static let completions = SamplingDialect(
        maxTokens: ["max_tokens"], minTokens: "min_tokens", maxTokensDefault: 16)
    static let chat = SamplingDialect(
        maxTokens: ["max_completion_tokens", "max_tokens"], minTokens: "min_tokens",
        maxTokensDefault: nil)
    static let native = SamplingDialect(
        maxTokens: ["max_new_tokens"], minTokens: "min_new_tokens", maxTokensDefault: 128)

    /// The first of the limits that the request gives.
    func maxTokensGiven(in fields: JSONField) throws(APIError) -> Int? {
        for name in maxTokens {
            if let count = try fields[name].integer(in: 0 ... .max) { return count }
        }
        return nil
    }
}

/// The part of a request that says how to sample, how often, and when to stop.
struct SamplingRequest: Sendable {
    static let choicesMax = 128
    static let stopStringsMax = 64

    private var parameters: SamplingParameters
    private let fit: ContextFit
    /// Sequences to generate from each prompt.
    private(set) var choices: Int
    private(set) var text: TextOptions
    private var seed: UInt64?

    init(
        _ fields: JSONField, dialect: SamplingDialect, model: ServedModel
    ) throws(APIError) {
        parameters = model.defaultSampling
        text = try TextOptions(fields)
        choices = try fields["n"].integer(in: 1...Self.choicesMax) ?? 1
        seed = try Self.seed(fields)
        try parameters.readProbabilities(fields)
        fit = ContextFit(model: model, asked: try dialect.maxTokensGiven(in: fields))
        try parameters.readLengths(
            fields, dialect: dialect, given: fit.asked, contextLength: model.contextLength)
        parameters.logitBias = try Self.logitBias(fields["logit_bias"], model: model)
        let stops = try fields["stop_token_ids"].tokens(in: model) ?? []
        let ignoresEnd = try fields["ignore_eos"].boolean() ?? false
        parameters.stopTokens = Self.distinct((ignoresEnd ? [] : model.endOfSequence) + stops)
        try fields.refuseUnbuilt()
        do throws(SamplingParameterError) {
            try parameters.validate(vocabularySize: model.vocabularySize)
        } catch {
            throw APIError(error)
        }
        if model.tokenizer == nil, !text.stopStrings.isEmpty {
            throw fields["stop"].error("stop: this server has no tokenizer to find text with.")
        }
    }

    /// The plan of each choice: they differ in the seed alone, so that a request that names one
    /// gets the same choices again. Throws if the context cannot hold what is asked for.
    func plans(
        prompt: [TokenID], logprobs: LogprobOptions
    ) throws(APIError) -> [GenerationPlan] {
        let plan = try fit.fitted(
            GenerationPlan(prompt: prompt, sampling: parameters, logprobs: logprobs, text: text))
        return (0..<choices).map { choice in
            var plan = plan
            plan.sampling.seed =
                seed.map { $0 &+ UInt64(choice) } ?? UInt64.random(in: 0 ... .max)
            return plan
        }
    }

    private static func seed(_ fields: JSONField) throws(APIError) -> UInt64? {
        if let seed = try fields["seed"].integer() { return UInt64(bitPattern: Int64(seed)) }
        return try fields["sampling_seed"].integer().map { UInt64(bitPattern: Int64($0)) }
    }

    private static func distinct(_ tokens: [TokenID]) -> [TokenID] {
        var seen: Set<TokenID> = []
        return tokens.filter { seen.insert($0).inserted }
    }

    private static func logitBias(
        _ field: JSONField, model: ServedModel
    ) throws(APIError) -> [TokenBias] {
        var biases: [TokenBias] = []
        for (key, entry) in try field.members() ?? [] {
            guard let number = Int(key), let token = TokenID(exactly: number),
                token < model.vocabularySize
            else {
                throw field.error(
                    "logit_bias: '\(key)' is not a token id below \(model.vocabularySize).")
            }
            guard let bias = try entry.float() else { throw entry.unexpected("a number") }
            biases.append(TokenBias(token: token, bias: bias))
        }
        guard biases.count <= model.vocabularySize else {
            throw field.error("logit_bias names \(biases.count) tokens, some of them twice.")
        }
        return biases
    }
}

extension SamplingParameters {
    fileprivate mutating func readProbabilities(_ fields: JSONField) throws(APIError) {
        temperature = try fields["temperature"].float() ?? temperature
        // So close to zero, only the most likely token is left.
        if temperature >= 0, temperature < 1e-6 { temperature = 0 }
        topP = try fields["top_p"].float() ?? topP
        if let limit = try fields["top_k"].integer() { topK = limit == -1 ? nil : limit }
        minP = try fields["min_p"].float() ?? minP
        frequencyPenalty = try fields["frequency_penalty"].float() ?? frequencyPenalty
        presencePenalty = try fields["presence_penalty"].float() ?? presencePenalty
        repetitionPenalty = try fields["repetition_penalty"].float() ?? repetitionPenalty
    }

    fileprivate mutating func readLengths(
        _ fields: JSONField, dialect: SamplingDialect, given: Int?, contextLength: Int
    ) throws(APIError) {
        maxNewTokens = given ?? dialect.maxTokensDefault ?? maxNewTokens
        // More than the context holds never comes out, and large numbers invite overflows.
        maxNewTokens = maxNewTokens.map { min($0, contextLength) }
        if let count = try fields[dialect.minTokens].integer(in: 0 ... .max) {
            guard count <= maxNewTokens ?? contextLength else {
                throw fields[dialect.minTokens].error(
                    "\(dialect.minTokens) must be at most \(dialect.maxTokens[0]) "
                        + "(\(maxNewTokens ?? contextLength)), got \(count).")
            }
            minNewTokens = count
        }
    }
}

extension TextOptions {
    fileprivate init(_ fields: JSONField) throws(APIError) {
        let stop = fields["stop"]
        if case .string(let text) = stop.value {
            stopStrings = [text]
        } else if case .array = stop.value {
            for element in try stop.elements() ?? [] {
                guard let text = try element.string() else { throw element.unexpected("a string") }
                stopStrings.append(text)
            }
        } else if !stop.isAbsent {
            throw stop.unexpected("a string or a list of strings")
        }
        guard !stopStrings.contains("") else {
            throw stop.error("\(stop.path) must not contain an empty string.")
        }
        guard stopStrings.count <= SamplingRequest.stopStringsMax else {
            throw stop.error(
                "\(stop.path) must have at most \(SamplingRequest.stopStringsMax) strings, "
                    + "got \(stopStrings.count).")
        }
        for name in ["no_stop_trim", "include_stop_str_in_output"] {
            if try fields[name].boolean() ?? false { keepsStop = true }
        }
        skipsSpecialTokens = try fields["skip_special_tokens"].boolean() ?? true
    }
}
