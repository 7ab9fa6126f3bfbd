/// Why a template cannot be parsed or rendered.
package struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The source is not a template.
        case syntax
        /// The template called `raise_exception`: the conversation is not one that the model
        /// knows. The reason is the template's own message.
        case raised
        /// The template does with its variables what their types do not allow.
        case evaluation
        /// The template costs more than `TemplateLimits` allows.
        case limit
    }

    package var kind: Kind
    /// Line of the template's source, from 1.
    package var line: Int
    package var reason: String

    package init(kind: Kind, line: Int, reason: String) {
        self.kind = kind
        self.line = line
        self.reason = reason
    }

    package var description: String {
        "chat template, line \(line): \(reason)"
    }
}
