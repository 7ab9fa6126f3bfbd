import ChatTemplates

/// The messages of a chat and what else a template is rendered with.
struct Conversation {
    let messages: [TemplateValue]
    let others: [(String, TemplateValue)]

    func text(_ template: ChatTemplate) throws(TemplateError) -> String {
        try text(template, messageCount: messages.count)
    }

    private func text(
        _ template: ChatTemplate, messageCount: Int
    ) throws(TemplateError) -> String {
        try template.render(
            others + [("messages", .list(Array(messages.prefix(messageCount))))])
    }

    /// What a client is told whose conversation the template does not take.
    func refusal(by template: ChatTemplate, _ error: TemplateError) -> String {
        switch error.kind {
        case .raised:
            return "messages: the model's chat template does not allow this conversation: "
                + error.reason
        case .evaluation:
            guard let index = faultyMessage(template, error) else { break }
            return "messages[\(index)]: the model's chat template does not support this message "
                + "(\(error))."
        case .syntax, .limit:
            break
        }
        return "messages: the model's chat template cannot render this conversation (\(error))."
    }

    /// The message with which the template begins to fail in this way; nil if it fails without
    /// any.
    private func faultyMessage(_ template: ChatTemplate, _ error: TemplateError) -> Int? {
        func fails(_ messageCount: Int) -> Bool {
            do throws(TemplateError) {
                _ = try text(template, messageCount: messageCount)
                return false
            } catch let failure {
                return failure == error
            }
        }
        guard !fails(0) else { return nil }
        var (good, bad) = (0, messages.count)
        while bad - good > 1 {
            let middle = good + (bad - good) / 2
            if fails(middle) { bad = middle } else { good = middle }
        }
        return bad - 1
    }
}
