import JSON

/// A place inside a JSON document, with the path that leads there, for reading it with errors that
/// say what is wrong where.
struct JSONField {
    let path: String
    let value: JSONValue

    init(_ path: String, _ value: JSONValue) {
        self.path = path
        self.value = value
    }

    /// The document that `file` holds.
    init(
        file: String, _ bytes: [UInt8], _ options: JSONParsingOptions
    ) throws(TokenizerError) {
        do throws(JSONSyntaxError) {
            self.init(file, try JSONValue(parsing: bytes, options))
        } catch {
            throw .invalidJSON(file: file, offset: error.offset, reason: error.message)
        }
    }

    /// The member `key`; nil if it is missing or null.
    func optional(_ key: String) throws(TokenizerError) -> JSONField? {
        guard let value = try object()[key], value != .null else { return nil }
        return JSONField("\(path).\(key)", value)
    }

    /// The member `key`, which must be there and not null.
    func required(_ key: String) throws(TokenizerError) -> JSONField {
        guard let field = try optional(key) else { throw .missingField("\(path).\(key)") }
        return field
    }

    func object() throws(TokenizerError) -> JSONObject {
        guard case .object(let object) = value else { throw wrongType("an object") }
        return object
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

extension JSONParsingOptions {
    /// For `tokenizer.json`, in which the vocabulary names a token that is there twice. The largest
    /// published vocabularies have two million values.
    static let tokenizer = JSONParsingOptions(valuesMax: 1 << 24, repeatedKeys: .kept)
    /// For the configurations beside it, which Python writes and reads.
    static let configuration = JSONParsingOptions(
        repeatedKeys: .replaced, allowsNonFiniteNumbers: true)
}
