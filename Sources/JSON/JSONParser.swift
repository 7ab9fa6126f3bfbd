extension JSONValue {
    /// Parses a whole text (RFC 8259) in UTF-8.
    package init(
        parsing bytes: [UInt8], _ options: JSONParsingOptions = JSONParsingOptions()
    ) throws(JSONSyntaxError) {
        var parser = JSONParser(bytes, options)
        self = try parser.document()
    }
}

/// A recursive-descent parser over bytes that nobody vouches for. Each method reads one part of the
/// grammar and leaves `position` behind it, or at the byte that does not belong there. The methods
/// that call each other keep little on the stack, so that the deepest text fits.
struct JSONParser {
    let bytes: [UInt8]
    let options: JSONParsingOptions
    var position = 0
    private var depth = 0
    private var valueCount = 0

    init(_ bytes: [UInt8], _ options: JSONParsingOptions) {
        self.bytes = bytes
        self.options = options
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        if options.allowsByteOrderMark { _ = takeWord("\u{FEFF}") }
        let value = try value()
        skipSpace()
        guard next == nil else { throw unexpected(.end) }
        return value
    }

    mutating func value() throws(JSONSyntaxError) -> JSONValue {
        skipSpace()
        try countValue()
        switch next {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: return try word()
        }
    }

    private mutating func countValue() throws(JSONSyntaxError) {
        valueCount += 1
        guard valueCount <= options.valuesMax else {
            throw error(.tooManyValues(max: options.valuesMax))
        }
    }

    private mutating func word() throws(JSONSyntaxError) -> JSONValue {
        if takeWord("true") { return .boolean(true) }
        if takeWord("false") { return .boolean(false) }
        if takeWord("null") { return .null }
        if options.allowsNonFiniteNumbers {
            if takeWord("NaN") { return .number(.nan) }
            if takeWord("Infinity") { return .number(.infinity) }
        }
        throw unexpected(.value)
    }

    private mutating func array() throws(JSONSyntaxError) -> [JSONValue] {
        try open()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        if takeAfterSpace("]") { return elements }
        while true {
            elements.append(try value())
            if takeAfterSpace("]") { return elements }
            guard take(",") else { throw unexpected(.commaOrBracket) }
        }
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONObject {
        try open()
        defer { depth -= 1 }
        var object = JSONObject()
        if takeAfterSpace("}") { return object }
        while true {
            let key = try key()
            try add(try value(), key, to: &object)
            if takeAfterSpace("}") { return object }
            guard take(",") else { throw unexpected(.commaOrBrace) }
        }
    }

    /// Reads a key and the colon behind it.
    mutating func key() throws(JSONSyntaxError) -> (text: String, position: Int) {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw unexpected(.key) }
        let start = position
        let text = try string()
        guard takeAfterSpace(":") else { throw unexpected(.colon) }
        return (text, start)
    }

    private func add(
        _ value: JSONValue, _ key: (text: String, position: Int), to object: inout JSONObject
    ) throws(JSONSyntaxError) {
        switch options.repeatedKeys {
        case .kept:
            object.append(JSONObject.Member(key: key.text, value: value))
        case .replaced:
            object[key.text] = value
        case .refused:
            guard !object.contains(key.text) else {
                throw error(.repeatedKey(key.text), at: key.position)
            }
            object.append(JSONObject.Member(key: key.text, value: value))
        }
    }

    /// Passes over the bracket or brace that begins an array or an object.
    private mutating func open() throws(JSONSyntaxError) {
        guard depth < options.depthMax else { throw error(.tooDeep(levelsMax: options.depthMax)) }
        depth += 1
        position += 1
    }
}

// MARK: - Bytes

extension JSONParser {
    var next: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    /// Steps over `text` if it comes next.
    mutating func takeWord(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard length <= bytes.count - position,
            bytes[position..<position + length].elementsEqual(text.description.utf8)
        else { return false }
        position += length
        return true
    }

    /// Steps over `character` if it comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Steps over white space, and over `character` if it comes next.
    mutating func takeAfterSpace(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return take(character)
    }

    func error(
        _ problem: JSONSyntaxError.Problem, at position: Int? = nil
    ) -> JSONSyntaxError {
        JSONSyntaxError(problem: problem, offset: position ?? self.position)
    }

    func unexpected(_ expected: JSONSyntaxError.Expectation) -> JSONSyntaxError {
        error(.unexpected(next, expected: expected))
    }
}
