import ChatTemplates
import JSON
import PipelineTypes
import Tokenization

/// The conversation of a chat request on its way through the model's template to tokens.
struct ChatPrompt {
    private let body: JSONField
    private let model: ServedModel

    private static let roles = ["system", "developer", "user", "assistant", "tool", "function"]

    init(_ body: JSONField, model: ServedModel) {
        self.body = body
        self.model = model
    }

    func tokens() throws(APIError) -> [TokenID] {
        guard let template = model.chatTemplate else {
            throw .badRequest("The model has no chat template; use /v1/completions.")
        }
        let conversation = Conversation(messages: try messages(), others: try variables())
        let text: String
        do throws(TemplateError) {
            text = try conversation.text(template)
        } catch {
            throw .badRequest(conversation.refusal(by: template, error), parameter: "messages")
        }
        // The template writes special tokens itself where the model wants them.
        let messages = body["messages"]
        return try model.encodePrompt(text, at: messages, addSpecialTokens: false)
            .checkedPrompt(at: messages)
    }

    /// What the template gets besides the messages.
    private func variables() throws(APIError) -> [(String, TemplateValue)] {
        var variables: [(String, TemplateValue)] = []
        for (key, field) in try body["chat_template_kwargs"].members() ?? [] {
            variables.append((key, TemplateValue(field.value ?? .null)))
        }
        if let effort = try body["reasoning_effort"].string() {
            variables.append(("reasoning_effort", .string(effort)))
        }
        if let tokenizer = model.tokenizer {
            if let begin = model.beginOfSequence {
                variables.append(("bos_token", .string(tokenizer.text(of: begin))))
            }
            if let end = model.endOfSequence.first {
                variables.append(("eos_token", .string(tokenizer.text(of: end))))
            }
        }
        if let tools = try tools() { variables.append(("tools", tools)) }
        let adds = try body["add_generation_prompt"].boolean() ?? true
        variables.append(("add_generation_prompt", .boolean(adds)))
        return variables
    }

    private func tools() throws(APIError) -> TemplateValue? {
        guard let tools = try body["tools"].elements(), !tools.isEmpty,
            body["tool_choice"].value != "none"
        else { return nil }
        var values: [TemplateValue] = []
        for tool in tools {
            guard case .object = tool.value else { throw tool.unexpected("an object") }
            values.append(TemplateValue(tool.value ?? .null))
        }
        return .list(values)
    }

    private func messages() throws(APIError) -> [TemplateValue] {
        let field = body["messages"]
        let messages = try field.required(field.elements())
        guard !messages.isEmpty else {
            throw field.error("messages: at least one message is required.")
        }
        var values: [TemplateValue] = []
        for message in messages { values.append(try value(of: message)) }
        return values
    }

    private func value(of message: JSONField) throws(APIError) -> TemplateValue {
        guard case .object(var members) = message.value else {
            throw message.unexpected("an object")
        }
        let role = message["role"]
        let name = try role.required(role.string())
        guard Self.roles.contains(name) else {
            throw role.error(
                "\(role.path): '\(name)' is none of \(Self.roles.joined(separator: ", ")).")
        }
        // Templates know the role by its older name.
        if name == "developer" { members["role"] = "system" }
        let content = message["content"]
        let text = try text(of: content)
        // Only users always say something: others may call tools, or return nothing from them.
        members["content"] = .string(name == "user" ? try content.required(text) : text ?? "")
        if let calls = try message["tool_calls"].elements() {
            members["tool_calls"] = .array(calls.map(Self.withParsedArguments))
        }
        return TemplateValue(.object(members))
    }

    /// A string as it is, or the text parts of a list with a space between them.
    private func text(of content: JSONField) throws(APIError) -> String? {
        switch content.value {
        case nil, .null: return nil
        case .string(let text): return text
        case .array: break
        default: throw content.unexpected("a string or a list of parts")
        }
        var texts: [String] = []
        for part in try content.elements() ?? [] {
            guard case .object = part.value else { throw part.unexpected("an object") }
            let type = part["type"]
            let name = try type.required(type.string())
            guard name == "text" else {
                throw type.error("\(type.path): \(name) is not supported yet; only text is.")
            }
            texts.append(try part["text"].required(part["text"].string()))
        }
        return texts.joined(separator: " ")
    }

    /// Clients write a call's arguments as JSON text; templates read them as an object.
    private static func withParsedArguments(_ call: JSONField) -> JSONValue {
        guard case .object(var members) = call.value,
            case .object(var function)? = members["function"],
            case .string(let text)? = function["arguments"],
            let arguments = try? JSONValue(parsing: Array(text.utf8), .request)
        else { return call.value ?? .null }
        function["arguments"] = arguments
        members["function"] = .object(function)
        return .object(members)
    }
}

extension TemplateValue {
    init(_ value: JSONValue) {
        switch value {
        case .null, .encoded: self = .none
        case .boolean(let flag): self = .boolean(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map(TemplateValue.init))
        case .object(let object):
            self = .dictionary(object.members.map { ($0.key, TemplateValue($0.value)) })
        }
    }
}
