/// What a stretch of text begins and ends with, for tokens that ask what stands beside them.
struct TextEdges {
    private let text: [UInt8]
    private let range: Range<Int>

    /// text[range] is valid UTF-8.
    init(_ text: [UInt8], _ range: Range<Int>) {
        self.text = text
        self.range = range
    }

    var startsWithWord: Bool {
        firstScalar(at: range.lowerBound).map(Self.isWord) ?? false
    }

    var endsWithWord: Bool {
        lastScalar(before: range.upperBound).map(Self.isWord) ?? false
    }

    /// Where the white space at the beginning ends.
    var leadingSpace: Int {
        var position = range.lowerBound
        while let scalar = firstScalar(at: position), scalar.properties.isWhitespace {
            position += UTF8.width(scalar)
        }
        return position
    }

    /// Where the white space at the end begins.
    var trailingSpace: Int {
        var position = range.upperBound
        while let scalar = lastScalar(before: position), scalar.properties.isWhitespace {
            position -= UTF8.width(scalar)
        }
        return position
    }

    private func firstScalar(at position: Int) -> Unicode.Scalar? {
        let end = min(position + 4, range.upperBound)
        return String(decoding: text[position..<end], as: UTF8.self).unicodeScalars.first
    }

    private func lastScalar(before position: Int) -> Unicode.Scalar? {
        guard position > range.lowerBound else { return nil }
        var start = position - 1
        while start > range.lowerBound, UTF8.isContinuation(text[start]) { start -= 1 }
        return String(decoding: text[start..<position], as: UTF8.self).unicodeScalars.last
    }

    /// The \w of Unicode's regular expressions (UTS 18, annex C).
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            true
        default:
            scalar.properties.isAlphabetic || scalar.properties.isJoinControl
        }
    }
}
