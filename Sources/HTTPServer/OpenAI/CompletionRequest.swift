import JSON
import PipelineTypes
import Tokenization

/// A request to `/v1/completions`, decoded.
struct CompletionRequest {
    private let body: JSONField
    private let model: ServedModel

    init(_ body: JSONField, model: ServedModel) {
        self.body = body
        self.model = model
    }

    func call() throws(APIError) -> GenerationCall {
        try model.check(body["model"])
        let tokenizer = try model.requireTokenizer()
        try refuseUnsupported()
        let sampling = try SamplingRequest(body, dialect: .completions, model: model)
        let prompts = try prompts()
        try RequestLimits.check(sequences: prompts.count * sampling.choices)
        let echoes = try body["echo"].boolean() ?? false
        let topCount = try body["logprobs"].integer(in: 0...RequestLimits.topLogprobsMax)
        let logprobs = LogprobOptions(
            promptStart: echoes && topCount != nil ? 0 : nil, output: topCount != nil,
            selection: LogprobSelection(topCount: topCount ?? 0))
        var plans: [GenerationPlan] = []
        for prompt in prompts {
            plans += try sampling.plans(prompt: prompt, logprobs: logprobs)
        }
        let identity = ResponseIdentity(prefix: "cmpl-", model: model.name)
        let format = CompletionFormat(
            identity: identity, tokenizer: tokenizer,
            plans: plans, choicesPerPrompt: sampling.choices, echoes: echoes, topCount: topCount,
            streamOptions: try StreamOptions(body["stream_options"]))
        let name = try body["rid"].string() ?? identity.id
        return GenerationCall(
            plans: plans, isStreamed: try body["stream"].boolean() ?? false,
            names: plans.map { _ in name }, format: format)
    }

    private func refuseUnsupported() throws(APIError) {
        if let suffix = try body["suffix"].string(), !suffix.isEmpty {
            throw .unsupported("suffix", parameter: "suffix")
        }
        try refuseBestOf(body)
        try refuseConstrainedOutput(body)
    }

    /// A text, several, a list of token ids, or several.
    private func prompts() throws(APIError) -> [[TokenID]] {
        let field = body["prompt"]
        switch field.value {
        case .string(let text):
            return [try model.encodePrompt(text, at: field).checkedPrompt(at: field)]
        case .array(let elements):
            guard let first = elements.first else { throw APIError(Rejection.emptyPrompt) }
            switch first {
            case .string, .array:
                try RequestLimits.check(sequences: elements.count)
                return try prompts(of: field.elements() ?? [])
            default:
                return [try field.required(field.tokens(in: model)).checkedPrompt(at: field)]
            }
        case nil, .null: return [try field.required(nil)]
        default: throw field.unexpected("a string or a list of token ids")
        }
    }

    private func prompts(of fields: [JSONField]) throws(APIError) -> [[TokenID]] {
        var prompts: [[TokenID]] = []
        for field in fields {
            switch field.value {
            case .string(let text):
                prompts.append(try model.encodePrompt(text, at: field).checkedPrompt(at: field))
            case .array:
                prompts.append(
                    try field.required(field.tokens(in: model)).checkedPrompt(at: field))
            default: throw field.unexpected("a string or a list of token ids")
            }
        }
        return prompts
    }
}

/// Throws if the request wants more sequences generated than it wants to see.
func refuseBestOf(_ body: JSONField) throws(APIError) {
    let best = try body["best_of"].integer()
    if best != nil, best != (try body["n"].integer()) ?? 1 {
        throw .unsupported("best_of other than n", parameter: "best_of")
    }
}

/// Throws if the request wants output of a certain form; text is all there is.
func refuseConstrainedOutput(_ body: JSONField) throws(APIError) {
    let format = body["response_format"]
    guard !format.isAbsent else { return }
    guard let type = try format["type"].string() else { throw format.unexpected("an object") }
    guard type == "text" else {
        throw .unsupported("response_format \(type)", parameter: "response_format")
    }
}
