/// Markup: strings that know that they are HTML, as jinja2 has them even where it escapes nothing
/// by itself. Chat templates make them with `safe`, and then mean no more than to print them; but
/// what is added to them is escaped, and models have seen the result.
extension Renderer {
    /// The text of a value as it joins markup.
    func escaped(_ value: Value) throws(TemplateError) -> String {
        if case .markup(let text) = value { return text }
        let text = try text(of: value)
        try checkText(bytes: text.utf8.count)
        return Self.escapedForHTML(text)
    }

    /// Marks strings and the strings in a list or tuple.
    func marked(_ value: Value) -> Value {
        switch value {
        case .string(let text): .markup(text)
        case .list(let list):
            .list(ValueList(items: list.items.map(marked), depth: list.depth))
        case .tuple(let list):
            .tuple(ValueList(items: list.items.map(marked), depth: list.depth))
        default: value
        }
    }

    /// The operators that treat markup in their own way; nil for all others.
    func applyToMarkup(
        _ operation: BinaryOperator, _ left: Value, _ right: Value
    ) throws(TemplateError) -> Value? {
        switch (operation, left, right) {
        case (.add, .markup, .markup), (.add, .markup, .string), (.add, .string, .markup):
            let (left, right) = (try escaped(left), try escaped(right))
            try checkText(bytes: left.utf8.count + right.utf8.count)
            return .markup(left + right)
        case (.multiply, .markup, _), (.multiply, _, .markup):
            return marked(try apply(operation, left.plain, right.plain))
        case (.modulo, .markup(let format), .tuple(let list)):
            let items = try mapped(list.items) { (item) throws(TemplateError) in
                try escapedString(item)
            }
            return .markup(try formatPercent(format, try tuple(items)))
        case (.modulo, .markup(let format), _):
            return .markup(try formatPercent(format, try escapedString(right)))
        default: return nil
        }
    }

    /// Strings are escaped, numbers stay what they are.
    private func escapedString(_ value: Value) throws(TemplateError) -> Value {
        if case .string = value { return .string(try escaped(value)) }
        return value.plain
    }

    func callOnMarkup(
        _ method: StringMethod, of text: String, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        var arguments = arguments
        switch method {
        case .replace where arguments.positional.count > 1:
            arguments.positional[1] = .string(try escaped(arguments.positional[1]))
        case .join where arguments.positional.count == 1:
            let items = try elements(of: arguments.positional[0])
            let escapedItems = try mapped(items) { (item) throws(TemplateError) in
                .string(try escaped(item))
            }
            arguments.positional[0] = try list(escapedItems)
        case .format:
            arguments.positional = try mapped(arguments.positional, escapedString)
            for index in arguments.named.indices {
                arguments.named[index].value = try escapedString(arguments.named[index].value)
            }
        default: break
        }
        return marked(try call(method, of: text, arguments))
    }

    func applyToMarkup(
        _ filter: Filter, _ text: String, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        switch filter {
        case .e, .escape, .safe, .string:
            _ = try apply(filter, to: .string(text), arguments)
            return .markup(text)
        case .default, .d:
            let result = try apply(filter, to: .string(text), arguments)
            return text.isEmpty ? result : .markup(text)
        case .capitalize, .center, .lower, .title, .trim, .upper, .indent, .reverse, .format:
            return marked(try apply(filter, to: .string(text), arguments))
        default:
            return try apply(filter, to: .string(text), arguments)
        }
    }
}
