package import JSON

/// A place in a request body, with the path that error messages name. Readers return nil where
/// the field is absent or null and throw where it is something else than asked for.
package struct JSONField: Sendable {
    /// Like `messages[2].content`; empty for the body itself.
    package let path: String
    /// nil where the body has no such field.
    package let value: JSONValue?

    package init(path: String = "", value: JSONValue?) {
        self.path = path
        self.value = value
    }

    package subscript(key: String) -> JSONField {
        JSONField(path: path.isEmpty ? key : "\(path).\(key)", value: value?[key])
    }

    package var isAbsent: Bool {
        value == nil || value == .null
    }

    /// An error about this field.
    package func error(_ message: String) -> APIError {
        .badRequest(message, parameter: path.isEmpty ? nil : path)
    }

    /// "temperature: expected a number, got a string."
    package func unexpected(_ expected: String) -> APIError {
        let place = path.isEmpty ? "The request body" : path
        return error("\(place): expected \(expected), got \(value?.kind ?? "nothing").")
    }

    /// Passes a value through; throws if there is none.
    package func required<Value>(_ value: Value?) throws(APIError) -> Value {
        guard let value else { throw error("\(path): the field is required.") }
        return value
    }
}

extension JSONField {
    package func string() throws(APIError) -> String? {
        guard !isAbsent else { return nil }
        guard case .string(let text) = value else { throw unexpected("a string") }
        return text
    }

    package func boolean() throws(APIError) -> Bool? {
        guard !isAbsent else { return nil }
        guard case .boolean(let flag) = value else { throw unexpected("a boolean") }
        return flag
    }

    /// A whole number; 16.0 counts as one.
    package func integer() throws(APIError) -> Int? {
        switch value {
        case nil, .null: return nil
        case .integer(let number): return number
        case .number(let number):
            guard let whole = Int(exactly: number), abs(number) <= 0x1p53 else {
                throw error("\(path) must be a 64-bit integer, got \(number).")
            }
            return whole
        default: throw unexpected("an integer")
        }
    }

    package func integer(in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let number = try integer() else { return nil }
        guard range.contains(number) else {
            let rule =
                range.upperBound == .max
                ? "at least \(range.lowerBound)" : "in [\(range.lowerBound), \(range.upperBound)]"
            throw error("\(path) must be \(rule), got \(number).")
        }
        return number
    }

    /// A number within the range of single precision.
    package func float() throws(APIError) -> Float? {
        let number: Double
        switch value {
        case nil, .null: return nil
        case .integer(let value): number = Double(value)
        case .number(let value): number = value
        default: throw unexpected("a number")
        }
        guard Float(number).isFinite else {
            throw error("\(path) must be a finite number, got \(number).")
        }
        return Float(number)
    }

    package func elements() throws(APIError) -> [JSONField]? {
        guard !isAbsent else { return nil }
        guard case .array(let elements) = value else { throw unexpected("a list") }
        return elements.enumerated().map { index, element in
            JSONField(path: "\(path)[\(index)]", value: element)
        }
    }

    package func members() throws(APIError) -> [(key: String, field: JSONField)]? {
        guard !isAbsent else { return nil }
        guard case .object(let object) = value else { throw unexpected("an object") }
        return object.members.map { member in
            (member.key, JSONField(path: "\(path).\(member.key)", value: member.value))
        }
    }
}

extension JSONValue {
    /// What it is, for error messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        case .encoded: "JSON text"
        }
    }
}
