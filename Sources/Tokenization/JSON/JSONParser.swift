/// Parses one JSON document (RFC 8259), as strictly as the files of tokenizers are written: valid
/// UTF-8, no lone surrogates, at most `depthMax` levels deep.
struct JSONParser {
    static let depthMax = 64

    private let file: String
    private let bytes: [UInt8]
    private var offset = 0
    private var depth = 0

    /// `file` names the document in errors.
    static func parse(_ bytes: [UInt8], file: String) throws(TokenizerError) -> JSONValue {
        var parser = JSONParser(file: file, bytes: bytes)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.offset == bytes.count else { throw parser.failure("text after the end") }
        return value
    }

    private init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    private func failure(_ reason: String) -> TokenizerError {
        .invalidJSON(file: file, offset: offset, reason: reason)
    }

    private var current: UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ word: StaticString, _ value: JSONValue)
        throws(TokenizerError) -> JSONValue
    {
        let text = Array(word.description.utf8)
        guard bytes[offset...].starts(with: text) else { throw failure("an unknown word") }
        offset += text.count
        return value
    }

    private mutating func value() throws(TokenizerError) -> JSONValue {
        skipSpace()
        guard let first = current else { throw failure("the text ends early") }
        switch first {
        case UInt8(ascii: "{"):
            return try nested { parser throws(TokenizerError) in try parser.object() }
        case UInt8(ascii: "["):
            return try nested { parser throws(TokenizerError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try expect("true", .boolean(true))
        case UInt8(ascii: "f"): return try expect("false", .boolean(false))
        case UInt8(ascii: "n"): return try expect("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(TokenizerError) -> JSONValue
    ) throws(TokenizerError) -> JSONValue {
        guard depth < Self.depthMax else { throw failure("nested too deeply") }
        depth += 1
        defer { depth -= 1 }
        offset += 1
        skipSpace()
        return try body(&self)
    }

    private mutating func object() throws(TokenizerError) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = []
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw failure("a key is missing") }
            let key = try string()
            skipSpace()
            guard take(":") else { throw failure("a colon is missing") }
            members.append((key, try value()))
            skipSpace()
        } while take(",")
        guard take("}") else { throw failure("a brace is missing") }
        return .object(members)
    }

    private mutating func array() throws(TokenizerError) -> JSONValue {
        var elements: [JSONValue] = []
        if take("]") { return .array(elements) }
        repeat {
            elements.append(try value())
            skipSpace()
        } while take(",")
        guard take("]") else { throw failure("a bracket is missing") }
        return .array(elements)
    }
}

// MARK: - Numbers and strings

extension JSONParser {
    private mutating func digits() throws(TokenizerError) {
        let start = offset
        while let byte = current, byte >= 0x30, byte <= 0x39 { offset += 1 }
        guard offset > start else { throw failure("not a value") }
    }

    private mutating func number() throws(TokenizerError) -> JSONValue {
        let start = offset
        var isInteger = true
        _ = take("-")
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
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw failure("a number is too large")
        }
        return .number(number)
    }

    private mutating func string() throws(TokenizerError) -> String {
        offset += 1
        let start = offset
        offset =
            bytes[start...].firstIndex {
                $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20
            } ?? bytes.count
        if take("\"") { return try text(of: bytes[start..<offset - 1]) }
        var unescaped = Array(bytes[start..<offset])
        while let byte = current, byte >= 0x20 {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(of: unescaped[...])
            case UInt8(ascii: "\\"): try unescaped.append(contentsOf: String(escaped()).utf8)
            default: unescaped.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    private func text(of bytes: ArraySlice<UInt8>) throws(TokenizerError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure("a string is not UTF-8")
        }
        return text
    }

    /// The character that an escape sequence stands for, its backslash already read.
    private mutating func escaped() throws(TokenizerError) -> Character {
        guard let byte = current else { throw failure("a string does not end") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Character(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try escapedScalar())
        default: throw failure("an unknown escape sequence")
        }
    }

    private mutating func escapedScalar() throws(TokenizerError) -> Unicode.Scalar {
        let high = try codeUnit()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, take("\\"), take("u") else { throw failure("a lone surrogate") }
        let low = try codeUnit()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { throw failure("a lone surrogate") }
        return scalar
    }

    private mutating func codeUnit() throws(TokenizerError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw failure("an unknown escape sequence") }
            unit = unit << 4 | UInt32(digit)
            offset += 1
        }
        return unit
    }
}
