import ChatTemplates
import JSON
import PipelineTypes
import Tokenization

/// A request to `/v1/chat/completions`, decoded.
struct ChatRequest {
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
        let sampling = try SamplingRequest(body, dialect: .chat, model: model)
        let prompt = try ChatPrompt(body, model: model).tokens()
        let topCount = try topLogprobs()
        let logprobs = LogprobOptions(
            output: topCount != nil, selection: LogprobSelection(topCount: topCount ?? 0))
        let plans = try sampling.plans(prompt: prompt, logprobs: logprobs)
        let identity = ResponseIdentity(prefix: "chatcmpl-", model: model.name)
        let format = ChatFormat(
            identity: identity, choices: sampling.choices,
            logprobs: topCount.map { ChatLogprobs(tokenizer: tokenizer, topCount: $0) },
            streamOptions: try StreamOptions(body["stream_options"]))
        let name = try body["rid"].string() ?? identity.id
        return GenerationCall(
            plans: plans, isStreamed: try body["stream"].boolean() ?? false,
            names: plans.map { _ in name }, format: format)
    }

    /// Alternatives beside each token; nil without log probabilities.
    private func topLogprobs() throws(APIError) -> Int? {
        let count = try body["top_logprobs"].integer(in: 0...RequestLimits.topLogprobsMax)
        guard try body["logprobs"].boolean() ?? false else {
            guard count ?? 0 == 0 else {
                throw body["top_logprobs"].error("top_logprobs needs logprobs to be true.")
            }
            return nil
        }
        return count ?? 0
    }

    private func refuseUnsupported() throws(APIError) {
        try refuseConstrainedOutput(body)
        try refuseBestOf(body)
        for key in ["functions", "function_call"] where !body[key].asksForNothing {
            throw .unsupported("\(key) (use tools)", parameter: key)
        }
        for key in ["continue_final_message", "echo"] where try body[key].boolean() ?? false {
            throw .unsupported(key, parameter: key)
        }
        switch body["tool_choice"].value {
        case nil, .null, "auto", "none": break
        case .string(let choice):
            throw .unsupported("tool_choice \(choice)", parameter: "tool_choice")
        default: throw .unsupported("tool_choice with a named function", parameter: "tool_choice")
        }
    }
}
