/// A JSON value. Objects keep their members in order, and keys are told apart by their bytes:
/// vocabularies hold strings that differ and yet are canonically equivalent, which the keys of a
/// Swift dictionary would not survive.
enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])
}

/// A place inside a JSON document, with the path that leads there, for reading it with errors that
/// say what is wrong where.
struct JSONField {
    let path: String
    let value: JSONValue

    init(_ path: String, _ value: JSONValue) {
        self.path = path
        self.value = value
    }

    var isNull: Bool {
        if case .null = value { true } else { false }
    }

    /// The member `key`; nil if it is missing or null.
    func optional(_ key: String) throws(TokenizerError) -> JSONField? {
        for member in try members() where member.key == key {
            let field = JSONField("\(path).\(key)", member.value)
            return field.isNull ? nil : field
        }
        return nil
    }

    /// The member `key`, which must be there and not null.
    func required(_ key: String) throws(TokenizerError) -> JSONField {
        guard let field = try optional(key) else { throw .missingField("\(path).\(key)") }
        return field
    }

    func members() throws(TokenizerError) -> [(key: String, value: JSONValue)] {
        guard case .object(let members) = value else { throw wrongType("an object") }
        return members
    }

    func elements() throws(TokenizerError) -> [JSONField] {
        guard case .array(let elements) = value else { throw wrongType("an array") }
        return elements.enumerated().map { JSONField("\(path)[\($0.offset)]", $0.element) }
    }

    func string() throws(TokenizerError) -> String {
        guard case .string(let string) = value else { throw wrongType("a string") }
        return string
    }

    func boolean() throws(TokenizerError) -> Bool {
        guard case .boolean(let boolean) = value else { throw wrongType("true or false") }
        return boolean
    }

    func integer() throws(TokenizerError) -> Int {
        guard case .integer(let integer) = value else { throw wrongType("an integer") }
        return integer
    }

    /// The boolean member `key`, or `fallback` if it is missing or null.
    func flag(_ key: String, default fallback: Bool) throws(TokenizerError) -> Bool {
        try optional(key)?.boolean() ?? fallback
    }

    func wrongType(_ expected: String) -> TokenizerError {
        .wrongType(field: path, expected: expected)
    }
}
