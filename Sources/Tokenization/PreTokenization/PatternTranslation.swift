/// Rewrites a regular expression from the dialect of Oniguruma, in which published tokenizers are
/// written, to PCRE2's, so that both match the same text. What the two read differently and this
/// does not rewrite is refused. Lookbehind and anchors are refused too: a piece of text is matched
/// in place, and they would see what lies before it.
struct PatternTranslation {
    private let source: [Unicode.Scalar]
    private var index = 0
    private var output = ""

    static func translate(_ pattern: String) throws(TokenizerError) -> String {
        var translation = PatternTranslation(source: Array(pattern.unicodeScalars))
        do {
            return try translation.translated()
        } catch {
            throw .invalidPattern(pattern, reason: error.reason)
        }
    }

    /// The pattern that matches `text` itself.
    static func literal(_ text: String) -> String {
        text.unicodeScalars.map { "\\x{\(String($0.value, radix: 16))}" }.joined()
    }

    /// A number in any script, as Rust has it: Unicode 17's, which are more than Oniguruma's.
    static let digit: String =
        "[\\p{N}"
        + UnicodeAdditions.members(UnicodeAdditions.ranges(ofCategory: "N") ?? [])
        + "\\x{11DE0}-\\x{11DE9}\\x{16FF4}-\\x{16FF6}]"

    private struct Refusal: Error {
        let reason: String
    }

    private init(source: [Unicode.Scalar]) {
        self.source = source
    }

    private var current: Unicode.Scalar? {
        index < source.count ? source[index] : nil
    }

    private func lookingAt(_ text: String) -> Bool {
        source[index...].starts(with: text.unicodeScalars)
    }

    private mutating func translated() throws(Refusal) -> String {
        while let scalar = current {
            switch scalar {
            case "\\":
                output += try escape(inClass: false)
            case "[":
                try translateClass()
            case "(":
                try translateGroupStart()
            case "^", "$":
                throw Refusal(reason: "the anchor \(scalar)")
            case ".":
                output += "[^\\n]"
                index += 1
            case "{":
                try translateInterval()
            default:
                output.unicodeScalars.append(scalar)
                index += 1
            }
        }
        return output
    }

    private mutating func translateGroupStart() throws(Refusal) {
        for start in ["(?:", "(?i:", "(?!", "(?=", "(?>"] where lookingAt(start) {
            output += start
            index += start.unicodeScalars.count
            return
        }
        guard !lookingAt("(?"), !lookingAt("(*") else {
            let end = min(index + 4, source.count)
            var start = String.UnicodeScalarView()
            start.append(contentsOf: source[index..<end])
            throw Refusal(reason: "the group \(String(start))")
        }
        output += "("
        index += 1
    }

    /// An interval {n}, {n,} or {n,m}; Oniguruma reads {,m} and a + after it in its own way.
    private mutating func translateInterval() throws(Refusal) {
        guard let end = source[index...].firstIndex(of: "}") else {
            throw Refusal(reason: "a brace that is not an interval")
        }
        let inner = source[index + 1..<end]
        guard let first = inner.first, ("0"..."9").contains(first),
            inner.allSatisfy({ ("0"..."9").contains($0) || $0 == "," }),
            end + 1 == source.count || source[end + 1] != "+"
        else { throw Refusal(reason: "the interval {\(String(String.UnicodeScalarView(inner)))}") }
        output.unicodeScalars.append(contentsOf: source[index...end])
        index = end + 1
    }

    private mutating func translateClass() throws(Refusal) {
        output += "["
        index += 1
        if current == "^" {
            output += "^"
            index += 1
        }
        let start = index
        while let scalar = current {
            switch scalar {
            case "]":
                guard index > start else { throw Refusal(reason: "an empty class") }
                output += "]"
                index += 1
                return
            case "[":
                throw Refusal(reason: "a class inside a class")
            case "&" where lookingAt("&&"):
                throw Refusal(reason: "an intersection of classes")
            case "\\":
                output += try escape(inClass: true)
            default:
                output.unicodeScalars.append(scalar)
                index += 1
            }
        }
        throw Refusal(reason: "a class does not end")
    }
}

// MARK: - Escape sequences

extension PatternTranslation {
    /// White space as Oniguruma has it; PCRE2's own \s has U+180E too.
    private static let space = "\\t-\\r\\x{85}\\p{Z}"

    private mutating func escape(inClass: Bool) throws(Refusal) -> String {
        index += 1
        guard let scalar = current else { throw Refusal(reason: "a backslash at the end") }
        index += 1
        switch scalar {
        case "s": return Self.set(Self.space, inClass: inClass)
        case "S" where !inClass: return "[^\(Self.space)]"
        case "d": return Self.set(try Self.property("Nd"), inClass: inClass)
        case "p": return Self.set(try Self.property(propertyName()), inClass: inClass)
        case "P" where !inClass: return "[^\(try Self.property(propertyName()))]"
        case "r", "n", "t", "f": return "\\\(scalar)"
        case "v": return "\\x{b}"
        case "x", "u": return try codePoint(digitCountMax: scalar == "x" ? 2 : 4)
        default:
            // A backslash before anything but an ASCII letter or digit takes it literally.
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar)
            else { throw Refusal(reason: "the escape sequence \\\(scalar)") }
            return "\\\(scalar)"
        }
    }

    private static func set(_ members: String, inClass: Bool) -> String {
        inClass ? members : "[\(members)]"
    }

    private mutating func propertyName() throws(Refusal) -> String {
        guard current == "{", let end = source[index...].firstIndex(of: "}") else {
            throw Refusal(reason: "a property without a name")
        }
        defer { index = end + 1 }
        return String(String.UnicodeScalarView(source[index + 1..<end]))
    }

    /// The members of a class that stand for the characters of one general category.
    private static func property(_ name: String) throws(Refusal) -> String {
        guard let additions = UnicodeAdditions.ranges(ofCategory: name) else {
            throw Refusal(reason: "the property \(name)")
        }
        return "\\p{\(name)}" + UnicodeAdditions.members(additions)
    }

    private mutating func codePoint(digitCountMax: Int) throws(Refusal) -> String {
        let isBraced = current == "{"
        if isBraced { index += 1 }
        var digits = ""
        while let scalar = current, scalar.properties.isASCIIHexDigit,
            digits.count < (isBraced ? 6 : digitCountMax)
        {
            digits.unicodeScalars.append(scalar)
            index += 1
        }
        let isComplete = isBraced ? !digits.isEmpty : digits.count == digitCountMax
        // Two digits beyond ASCII name a byte in Oniguruma and a character in PCRE2.
        guard isComplete, let value = UInt32(digits, radix: 16), Unicode.Scalar(value) != nil,
            isBraced || digitCountMax == 4 || value < 0x80
        else { throw Refusal(reason: "a code point \(digits)") }
        if isBraced {
            guard current == "}" else { throw Refusal(reason: "a code point \(digits)") }
            index += 1
        }
        return "\\x{\(digits)}"
    }
}
