import JSON
import PipelineTypes
import Tokenization

/// A request to `/generate`, decoded: one prompt or a batch.
struct GenerateRequest {
    private let body: JSONField
    private let model: ServedModel
    private let began = ContinuousClock.now

    init(_ body: JSONField, model: ServedModel) {
        self.body = body
        self.model = model
    }

    func call() throws(APIError) -> GenerationCall {
        try body.refuseUnbuilt()
        let (prompts, isBatch) = try prompts()
        try RequestLimits.check(sequences: prompts.count)
        var plans: [GenerationPlan] = []
        var items: [NativeItem] = []
        var sampling = try self.sampling(at: 0, of: prompts.count)
        for (index, prompt) in prompts.enumerated() {
            if index > 0, body["sampling_params"].value?.kind == "a list" {
                sampling = try self.sampling(at: index, of: prompts.count)
            }
            try RequestLimits.check(sequences: plans.count + sampling.choices)
            let name = try name(of: index, in: prompts.count, isBatch: isBatch)
            let report = try report(of: index, in: prompts.count, prompt: prompt)
            let logprobs = report?.options(promptCount: prompt.count) ?? LogprobOptions()
            plans += try sampling.plans(prompt: prompt, logprobs: logprobs)
            for choice in 0..<sampling.choices {
                let suffix = sampling.choices > 1 ? "_\(choice)" : ""
                items.append(NativeItem(id: name + suffix, logprobs: report))
            }
        }
        return GenerationCall(
            plans: plans, isStreamed: try body["stream"].boolean() ?? false,
            names: items.map(\.id),
            format: NativeFormat(
                plans: plans, items: items, isList: isBatch || plans.count > 1,
                tokenizer: model.tokenizer, began: began))
    }

    /// What the client calls a prompt's sequences; a name of ours if it does not say.
    private func name(
        of index: Int, in count: Int, isBatch: Bool
    ) throws(APIError) -> String {
        let name = try option("rid", at: index, of: count).string()
        let isShared = isBatch && body["rid"].value?.kind == "a string"
        guard let name else { return ResponseIdentity.randomHexadecimal() }
        return isShared ? "\(name)_\(index)" : name
    }

    private static let samplingNames: Set<String> = [
        "max_new_tokens", "min_new_tokens", "temperature", "top_p", "top_k", "min_p",
        "frequency_penalty", "presence_penalty", "repetition_penalty", "stop", "stop_token_ids",
        "stop_regex", "ignore_eos", "skip_special_tokens", "spaces_between_special_tokens", "n",
        "json_schema", "regex", "ebnf", "structural_tag", "logit_bias", "sampling_seed", "seed",
        "no_stop_trim", "include_stop_str_in_output", "custom_params", "stream_interval",
    ]

    private func sampling(at index: Int, of count: Int) throws(APIError) -> SamplingRequest {
        let fields = try option("sampling_params", at: index, of: count)
        for (key, field) in try fields.members() ?? []
        where !Self.samplingNames.contains(key) {
            throw field.error("\(fields.path): '\(key)' is not a sampling parameter.")
        }
        return try SamplingRequest(fields, dialect: .native, model: model)
    }

    /// Exactly one of `text` and `input_ids`, each for one prompt or for a batch.
    private func prompts() throws(APIError) -> (prompts: [[TokenID]], isBatch: Bool) {
        let (text, ids) = (body["text"], body["input_ids"])
        guard text.isAbsent != ids.isAbsent else {
            throw .badRequest("Exactly one of text and input_ids must be given.")
        }
        if case .string(let string) = text.value {
            return ([try model.encodePrompt(string, at: text).checkedPrompt(at: text)], false)
        }
        var prompts: [[TokenID]] = []
        if !text.isAbsent {
            guard case .array = text.value else {
                throw text.unexpected("a string or a list of strings")
            }
            for field in try text.elements() ?? [] {
                guard let string = try field.string() else { throw field.unexpected("a string") }
                prompts.append(try model.encodePrompt(string, at: field).checkedPrompt(at: field))
            }
        } else {
            guard case .array? = ids.value?[0] else {
                let tokens = try ids.required(ids.tokens(in: model))
                return ([try tokens.checkedPrompt(at: ids)], false)
            }
            for field in try ids.elements() ?? [] {
                guard let tokens = try field.tokens(in: model) else {
                    throw field.unexpected("a list of token ids")
                }
                prompts.append(try tokens.checkedPrompt(at: field))
            }
        }
        guard !prompts.isEmpty else { throw APIError(Rejection.emptyPrompt) }
        return (prompts, true)
    }

    /// A setting of one prompt: one value for all, or a list with a value for each.
    private func option(
        _ key: String, at index: Int, of count: Int
    ) throws(APIError) -> JSONField {
        let field = body[key]
        guard case .array(let elements) = field.value else { return field }
        guard elements.count == count else {
            throw field.error(
                "\(key): a list must have one entry for each prompt (\(count)), "
                    + "got \(elements.count).")
        }
        return JSONField(path: "\(key)[\(index)]", value: elements[index])
    }

    /// The log probabilities to report for one prompt; nil for none.
    private func report(
        of index: Int, in count: Int, prompt: [TokenID]
    ) throws(APIError) -> NativeLogprobOptions? {
        let isWanted = try option("return_logprob", at: index, of: count).boolean() ?? false
        let start = try option("logprob_start_len", at: index, of: count)
            .integer(in: -1...prompt.count)
        let top = try option("top_logprobs_num", at: index, of: count)
            .integer(in: 0...RequestLimits.nativeTopLogprobsMax)
        let tokens = try selectedTokens(at: index, of: count)
        let includesText = try body["return_text_in_logprobs"].boolean() ?? false
        guard isWanted else { return nil }
        return NativeLogprobOptions(
            promptStart: start == -1 ? nil : start, topCount: top ?? 0, tokens: tokens,
            includesText: includesText)
    }

    private func selectedTokens(at index: Int, of count: Int) throws(APIError) -> [TokenID]? {
        let field = body["token_ids_logprob"]
        let isNested = field.value?[0].map { $0.kind == "a list" || $0 == .null } ?? false
        let own = isNested ? try option("token_ids_logprob", at: index, of: count) : field
        let tokens = try own.tokens(in: model)
        guard tokens?.count ?? 0 <= RequestLimits.nativeTopLogprobsMax else {
            throw own.error(
                "\(own.path) must have at most \(RequestLimits.nativeTopLogprobsMax) entries.")
        }
        return tokens
    }
}
