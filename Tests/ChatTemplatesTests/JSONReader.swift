import ChatTemplates
import JSON

/// Reads JSON as Python does: keys stay in order, 1 is an integer and 1.0 is not.
enum JSONReader {
    static func read(_ text: String) throws -> TemplateValue {
        let options = JSONParsingOptions(loneSurrogates: .replaced)
        return TemplateValue(try JSONValue(parsing: Array(text.utf8), options))
    }
}

extension TemplateValue {
    fileprivate init(_ value: JSONValue) {
        switch value {
        case .null, .encoded: self = .none
        case .boolean(let flag): self = .boolean(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map { TemplateValue($0) })
        case .object(let object):
            self = .dictionary(object.members.map { ($0.key, TemplateValue($0.value)) })
        }
    }

    /// The entries of a dictionary.
    var entries: [(key: String, value: TemplateValue)] {
        if case .dictionary(let entries) = self { entries } else { [] }
    }

    subscript(key: String) -> TemplateValue? {
        entries.last { $0.key == key }?.value
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}
