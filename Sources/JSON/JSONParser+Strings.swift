extension JSONParser {
    mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        let textStart = position
        var unescaped: [UInt8] = []
        var start = position
        skipPlainCharacters()
        while take("\\") {
            unescaped += bytes[start..<position - 1]
            try appendEscaped(to: &unescaped)
            start = position
            skipPlainCharacters()
        }
        guard next == UInt8(ascii: "\"") else {
            throw unexpected(next == nil ? .closingQuote : .plainCharacter)
        }
        let rest = start..<position
        position += 1
        do {
            if unescaped.isEmpty {
                return String(copying: try UTF8Span(validating: bytes.span.extracting(rest)))
            }
            unescaped += bytes[rest]
            return String(copying: try UTF8Span(validating: unescaped.span))
        } catch {
            throw self.error(.invalidUTF8, at: textStart)
        }
    }

    /// Goes on to the next quote, backslash or control character, or to the end.
    private mutating func skipPlainCharacters() {
        var end = position
        while end < bytes.count {
            let byte = bytes[end]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            end += 1
        }
        position = end
    }

    /// Reads what follows a backslash.
    private mutating func appendEscaped(to text: inout [UInt8]) throws(JSONSyntaxError) {
        switch next {
        case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            text += try escapedScalar().utf8
            return
        default: throw unexpected(.escape)
        }
        position += 1
    }

    /// A scalar written in four hexadecimal digits or, beyond the basic plane, as a surrogate pair.
    private mutating func escapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
        let first = try hexadecimalDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let afterFirst = position
        if first < 0xDC00, take("\\"), take("u") {
            let second = try hexadecimalDigits()
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                return scalar
            }
        }
        position = afterFirst
        guard options.loneSurrogates == .replaced else {
            throw error(.loneSurrogate, at: afterFirst - 6)
        }
        return "\u{FFFD}"
    }

    private mutating func hexadecimalDigits() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap(Self.hexadecimalDigit) else {
                throw unexpected(.hexadecimalDigits)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
