/// Blanks comments and the insides of string literals, so that laws look at code alone. Line
/// breaks stay where they are. It knows nested comments, multi-line and raw strings, string
/// interpolation, whose code counts as part of the string, and regular expressions in `#/…/#`.
struct SourceLexer {
    /// Without comments and string contents.
    var code: String { String(decoding: codeBytes, as: UTF8.self) }
    /// Without string contents.
    var commentedCode: String { String(decoding: commentedBytes, as: UTF8.self) }

    private var codeBytes: [UInt8] = []
    private var commentedBytes: [UInt8] = []
    private let bytes: [UInt8]
    private let language: SourceFile.Language
    private static let newline = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")
    private var position = 0

    init(_ text: String, language: SourceFile.Language) {
        bytes = Array(text.utf8)
        self.language = language
        while position < bytes.count { readNext() }
    }

    private mutating func readNext() {
        if starts("//") {
            readLineComment()
        } else if starts("/*") {
            readBlockComment()
        } else if bytes[position] == UInt8(ascii: "\"") || startsRawString {
            readString()
        } else if language == .swift, starts("#/") {
            readRegex()
        } else if language == .c, bytes[position] == UInt8(ascii: "'") {
            readCharacterLiteral()
        } else {
            codeBytes.append(bytes[position])
            commentedBytes.append(bytes[position])
            position += 1
        }
    }

    private func starts(_ token: String, at offset: Int = 0) -> Bool {
        bytes[min(position + offset, bytes.count)...].starts(with: token.utf8)
    }

    private var startsRawString: Bool {
        guard language == .swift, bytes[position] == UInt8(ascii: "#") else { return false }
        return bytes[position...].drop { $0 == UInt8(ascii: "#") }.first == UInt8(ascii: "\"")
    }

    /// Takes one character as part of a comment.
    private mutating func takeComment() {
        let byte = bytes[position]
        codeBytes.append(byte == Self.newline ? Self.newline : Self.space)
        commentedBytes.append(byte)
        position += 1
    }

    /// Takes bytes as part of a string.
    private mutating func takeString(_ count: Int = 1) {
        for _ in 0..<count where position < bytes.count {
            let blank = bytes[position] == Self.newline ? Self.newline : Self.space
            codeBytes.append(blank)
            commentedBytes.append(blank)
            position += 1
        }
    }

    private mutating func takeDelimiter(_ count: Int) {
        for byte in bytes[position..<min(position + count, bytes.count)] {
            codeBytes.append(byte)
            commentedBytes.append(byte)
        }
        position += count
    }

    private mutating func readLineComment() {
        while position < bytes.count, bytes[position] != Self.newline { takeComment() }
    }

    private mutating func readBlockComment() {
        var depth = 0
        repeat {
            if starts("/*") && (language == .swift || depth == 0) {
                depth += 1
                takeComment()
            } else if starts("*/") {
                depth -= 1
                takeComment()
            }
            takeComment()
        } while depth > 0 && position < bytes.count
    }

    private mutating func readCharacterLiteral() {
        takeDelimiter(1)
        while position < bytes.count, bytes[position] != UInt8(ascii: "'"),
            bytes[position] != UInt8(ascii: "\n")
        {
            takeString(bytes[position] == UInt8(ascii: "\\") ? 2 : 1)
        }
        if position < bytes.count { takeDelimiter(1) }
    }

    private mutating func readRegex() {
        takeDelimiter(2)
        while position < bytes.count, !starts("/#") { takeString() }
        if position < bytes.count { takeDelimiter(2) }
    }

    private mutating func readString() {
        let hashes = bytes[position...].prefix { $0 == UInt8(ascii: "#") }.count
        let quote = starts("\"\"\"", at: hashes) && language == .swift ? "\"\"\"" : "\""
        let fence = String(repeating: "#", count: hashes)
        takeDelimiter(hashes + quote.count)
        while position < bytes.count {
            if starts(quote + fence) { return takeDelimiter(quote.count + hashes) }
            if quote.count == 1, bytes[position] == UInt8(ascii: "\n") { return }
            if language == .swift, starts("\\" + fence + "(") {
                takeString(hashes + 2)
                readInterpolation()
            } else if starts("\\" + fence) {
                takeString(hashes + 2)
            } else {
                takeString()
            }
        }
    }

    /// Up to the parenthesis that closes an interpolation; strings inside it are strings.
    private mutating func readInterpolation() {
        var depth = 1
        while position < bytes.count, depth > 0 {
            if bytes[position] == UInt8(ascii: "\"") || startsRawString {
                readString()
                continue
            }
            if bytes[position] == UInt8(ascii: "(") { depth += 1 }
            if bytes[position] == UInt8(ascii: ")") { depth -= 1 }
            takeString()
        }
    }
}
