/// Why a text is not JSON.
package struct JSONSyntaxError: Error, Hashable, Sendable {
    package var message: String
    /// Bytes before the place of the error.
    package var offset: Int
}

extension JSONValue {
    /// Parses a whole text (RFC 8259). `NaN` and `Infinity` are not JSON; numbers too large for a
    /// double become infinite, for whoever reads the field to refuse by name.
    package init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.parseDocument()
    }
}

/// A recursive-descent parser over UTF-8 bytes with a bound on nesting.
private struct JSONParser {
    static let depthMax = 128

    let bytes: [UInt8]
    var position = 0
    var depth = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var next: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    func error(_ message: String) -> JSONSyntaxError {
        JSONSyntaxError(message: message, offset: position)
    }

    mutating func parseDocument() throws(JSONSyntaxError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let value = try parseValue()
        skipSpace()
        guard next == nil else { throw error("unexpected text after the value") }
        return value
    }

    mutating func parseValue() throws(JSONSyntaxError) -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"): return try parseNumber()
        case UInt8(ascii: "t"): return try parseWord("true", .boolean(true))
        case UInt8(ascii: "f"): return try parseWord("false", .boolean(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case nil: throw error("unexpected end of the text")
        default:
            guard nextDigit != nil else { throw error("expected a value") }
            return try parseNumber()
        }
    }

    /// Passes over the bracket that opens a list or an object.
    mutating func open() throws(JSONSyntaxError) {
        guard depth < Self.depthMax else {
            throw error("nested more than \(Self.depthMax) levels deep")
        }
        depth += 1
        position += 1
    }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func parseWord(
        _ word: StaticString, _ value: JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard bytes[position...].prefix(length).elementsEqual(word.description.utf8) else {
            throw error("expected a value")
        }
        position += length
        return value
    }

    mutating func parseArray() throws(JSONSyntaxError) -> JSONValue {
        try open()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        skipSpace()
        if skip("]") { return .array(elements) }
        while true {
            elements.append(try parseValue())
            skipSpace()
            if skip("]") { return .array(elements) }
            guard skip(",") else { throw error("expected ',' or ']'") }
        }
    }

    mutating func parseObject() throws(JSONSyntaxError) -> JSONValue {
        try open()
        defer { depth -= 1 }
        var members: [JSONObject.Member] = []
        skipSpace()
        if skip("}") { return .object(JSONObject(members)) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("expected a key in quotes") }
            let key = try parseString()
            skipSpace()
            guard skip(":") else { throw error("expected ':'") }
            members.append(JSONObject.Member(key: key, value: try parseValue()))
            skipSpace()
            if skip("}") { return .object(JSONObject(members)) }
            guard skip(",") else { throw error("expected ',' or '}'") }
        }
    }
}

// MARK: - Numbers

extension JSONParser {
    private mutating func parseNumber() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        var integer: Int? = 0
        let isNegative = skip("-")
        let firstDigit = position
        while let digit = nextDigit {
            integer = integer.flatMap { $0.appending(digit: digit, isNegative: isNegative) }
            position += 1
        }
        guard position > firstDigit else { throw error("expected a digit") }
        guard position == firstDigit + 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
            throw error("a number must not start with 0")
        }
        let isWhole = try !skipFraction()
        if isWhole, let integer, !(isNegative && integer == 0) { return .integer(integer) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let number = Double(text) else { throw error("expected a number") }
        return .number(number)
    }

    private var nextDigit: Int? {
        guard let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
            return nil
        }
        return Int(byte - UInt8(ascii: "0"))
    }

    /// Passes over fraction and exponent; says whether there was either.
    private mutating func skipFraction() throws(JSONSyntaxError) -> Bool {
        var found = false
        if skip(".") {
            found = true
            try skipDigits()
        }
        if skip("e") || skip("E") {
            found = true
            if !skip("+") { _ = skip("-") }
            try skipDigits()
        }
        return found
    }

    private mutating func skipDigits() throws(JSONSyntaxError) {
        guard nextDigit != nil else { throw error("expected a digit") }
        while nextDigit != nil { position += 1 }
    }
}

extension Int {
    /// The number with one more decimal digit; nil if that overflows.
    fileprivate func appending(digit: Int, isNegative: Bool) -> Int? {
        let (shifted, overflow) = multipliedReportingOverflow(by: 10)
        guard !overflow else { return nil }
        let (sum, carry) =
            isNegative
            ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
        return carry ? nil : sum
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func parseString() throws(JSONSyntaxError) -> String {
        position += 1
        var start = position
        var unescaped: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let text = try makeString(unescaped, and: start..<position)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                unescaped += bytes[start..<position]
                try parseEscape(into: &unescaped)
                start = position
            case ..<0x20:
                throw error("a control character in a string must be escaped")
            default:
                position += 1
            }
        }
        throw error("a string does not end")
    }

    private func makeString(
        _ unescaped: [UInt8], and rest: Range<Int>
    ) throws(JSONSyntaxError) -> String {
        let text =
            unescaped.isEmpty
            ? String(validating: bytes[rest], as: UTF8.self)
            : String(validating: unescaped + bytes[rest], as: UTF8.self)
        guard let text else { throw error("a string is not valid UTF-8") }
        return text
    }

    private mutating func parseEscape(into output: inout [UInt8]) throws(JSONSyntaxError) {
        position += 1
        guard let kind = next else { throw error("a string does not end") }
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(kind)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): output += Array(String(try parseUnicodeEscape()).utf8)
        default: throw error("unknown escape in a string")
        }
    }

    /// A scalar written as one or, beyond the basic plane, two escapes. Half of a pair becomes
    /// the replacement character.
    private mutating func parseUnicodeEscape() throws(JSONSyntaxError) -> Character {
        let first = try parseHexadecimal()
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        guard first < 0xDC00, bytes[position...].starts(with: [0x5C, 0x75]) else {
            return "\u{FFFD}"
        }
        let afterFirst = position
        position += 2
        let second = try parseHexadecimal()
        guard (0xDC00..<0xE000).contains(second) else {
            position = afterFirst
            return "\u{FFFD}"
        }
        let value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        return Unicode.Scalar(value).map { Character($0) } ?? "\u{FFFD}"
    }

    private mutating func parseHexadecimal() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("expected four hexadecimal digits")
            }
            value = value << 4 + UInt32(digit)
            position += 1
        }
        return value
    }
}
