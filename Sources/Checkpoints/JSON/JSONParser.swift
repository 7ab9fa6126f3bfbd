/// Parses JSON (RFC 8259) that nobody vouches for: nesting and the number of values are bounded, a
/// key that appears twice in one object is an error. Python's `NaN` and `Infinity` are accepted,
/// since published configurations have them.
struct JSONParser {
    static let depthMax = 64
    static let valuesMax = 1 << 21
    static let numberBytesMax = 256

    private let bytes: UnsafeRawBufferPointer
    private let file: String
    private var offset = 0
    private var valueCount = 0

    private init(_ bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// The value that `bytes` hold, with nothing but white space around it.
    static func value(
        _ bytes: UnsafeRawBufferPointer, file: String
    ) throws(CheckpointError) -> JSONValue {
        var parser = JSONParser(bytes, file: file)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.peek == nil else { throw parser.unexpected("the end of the document") }
        return value
    }

    /// The same, where it must be an object.
    static func object(
        _ bytes: UnsafeRawBufferPointer, file: String
    ) throws(CheckpointError) -> [String: JSONValue] {
        let value = try value(bytes, file: file)
        guard case .object(let object) = value else {
            throw CheckpointError(
                file: file, .malformed(expected: "a JSON object", found: value.kind))
        }
        return object
    }

    private mutating func value(depth: Int) throws(CheckpointError) -> JSONValue {
        guard depth < Self.depthMax else {
            throw error(expected: "at most \(Self.depthMax) levels", found: "more")
        }
        valueCount += 1
        guard valueCount <= Self.valuesMax else {
            throw error(expected: "at most \(Self.valuesMax) values", found: "more")
        }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"): return try number()
        case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: return try literal()
        }
    }

    private mutating func object(depth: Int) throws(CheckpointError) -> [String: JSONValue] {
        offset += 1
        var members: [String: JSONValue] = [:]
        guard !take("}", afterSpace: true) else { return members }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw unexpected("a key") }
            let keyOffset = offset
            let key = try string()
            guard take(":", afterSpace: true) else { throw unexpected("':'") }
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: key) == nil else {
                throw error(
                    at: keyOffset, expected: "each key once", found: "another \"\(key)\"")
            }
            if take("}", afterSpace: true) { return members }
            guard take(",") else { throw unexpected("',' or '}'") }
        }
    }

    private mutating func array(depth: Int) throws(CheckpointError) -> [JSONValue] {
        offset += 1
        var elements: [JSONValue] = []
        guard !take("]", afterSpace: true) else { return elements }
        while true {
            elements.append(try value(depth: depth + 1))
            if take("]", afterSpace: true) { return elements }
            guard take(",") else { throw unexpected("',' or ']'") }
        }
    }

    private mutating func literal() throws(CheckpointError) -> JSONValue {
        let literals: [(StaticString, JSONValue)] = [
            ("true", .boolean(true)), ("false", .boolean(false)), ("null", .null),
            ("NaN", .number(.nan)), ("Infinity", .number(.infinity)),
        ]
        for (text, value) in literals where take(text) {
            return value
        }
        throw unexpected("a value")
    }

    // MARK: - Numbers

    private mutating func number() throws(CheckpointError) -> JSONValue {
        let start = offset
        let negative = take("-")
        if negative, take("Infinity") { return .number(-.infinity) }
        var isInteger = true
        if !take("0") { try digits() }
        if take(".") {
            isInteger = false
            try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        guard offset - start <= Self.numberBytesMax else {
            throw error(at: start, expected: "a number", found: "\(offset - start) characters")
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw error(at: start, expected: "a number in range", found: text)
        }
        return .number(number)
    }

    private mutating func digits() throws(CheckpointError) {
        let start = offset
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            offset += 1
        }
        guard offset > start else { throw unexpected("a digit") }
    }

    // MARK: - Strings

    private mutating func string() throws(CheckpointError) -> String {
        offset += 1
        var text = try unescapedRun()
        while !take("\"") {
            guard take("\\") else { throw unexpected("'\"'") }
            text.unicodeScalars.append(try escape())
            text += try unescapedRun()
        }
        return text
    }

    /// A string's characters up to the next escape or its end.
    private mutating func unescapedRun() throws(CheckpointError) -> String {
        let start = offset
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            guard byte >= 0x20 else { throw unexpected("a string without control characters") }
            offset += 1
        }
        guard let text = String(validating: bytes[start..<offset], as: UTF8.self) else {
            throw error(at: start, expected: "a string in UTF-8", found: "other bytes")
        }
        return text
    }

    /// What follows a backslash. Half a surrogate pair becomes U+FFFD.
    private mutating func escape() throws(CheckpointError) -> Unicode.Scalar {
        guard let byte = peek else { throw unexpected("an escape") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default:
            offset -= 1
            throw unexpected("an escape")
        }
    }

    private mutating func unicodeEscape() throws(CheckpointError) -> Unicode.Scalar {
        let first = try hexadecimal()
        guard (0xd800..<0xdc00).contains(first) else {
            return Unicode.Scalar(first) ?? "\u{fffd}"
        }
        let afterFirst = offset
        if take("\\u") {
            let second = try hexadecimal()
            if (0xdc00..<0xe000).contains(second) {
                let value = 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
                return Unicode.Scalar(value) ?? "\u{fffd}"
            }
        }
        offset = afterFirst
        return "\u{fffd}"
    }

    private mutating func hexadecimal() throws(CheckpointError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    // MARK: - Characters

    private var peek: UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            offset += 1
        }
    }

    /// Steps over `text` if it comes next.
    private mutating func take(_ text: StaticString, afterSpace: Bool = false) -> Bool {
        if afterSpace { skipSpace() }
        let length = text.utf8CodeUnitCount
        guard length <= bytes.count - offset else { return false }
        for i in 0..<length where bytes[offset + i] != text.utf8Start[i] {
            return false
        }
        offset += length
        return true
    }

    // MARK: - Errors

    private func unexpected(_ expected: String) -> CheckpointError {
        let found = peek.map { byte in
            byte < 0x80
                ? "'\(Unicode.Scalar(byte))'"
                : "byte 0x\(String(byte, radix: 16))"
        }
        return error(expected: expected, found: found ?? "the end of the document")
    }

    private func error(
        at position: Int? = nil, expected: String, found: String
    ) -> CheckpointError {
        CheckpointError(
            file: file, subject: "byte \(position ?? offset) of the JSON text",
            .malformed(expected: expected, found: found))
    }
}
