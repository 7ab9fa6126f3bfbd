/// String literals with Python's escapes.
extension Lexer {
    mutating func lexString() throws(TemplateError) {
        let quote = source[position]
        var end = position + 1
        while let scalar = peek(end), scalar != quote { end += scalar == "\\" ? 2 : 1 }
        guard end < source.count else { throw fail("unterminated string") }
        let value = try unescaped(position + 1..<end)
        emit(.string(value))
        advance(to: end + 1)
    }

    private func unescaped(_ range: Range<Int>) throws(TemplateError) -> String {
        var result = String.UnicodeScalarView()
        var index = range.lowerBound
        while index < range.upperBound {
            let scalar = source[index]
            index += 1
            if scalar == "\\", index < range.upperBound {
                try unescape(at: &index, end: range.upperBound, into: &result)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// Reads what follows a backslash.
    private func unescape(
        at index: inout Int, end: Int, into result: inout String.UnicodeScalarView
    ) throws(TemplateError) {
        let scalar = source[index]
        index += 1
        switch scalar {
        case "\n": break
        case "n": result.append("\n")
        case "t": result.append("\t")
        case "r": result.append("\r")
        case "a": result.append("\u{7}")
        case "b": result.append("\u{8}")
        case "f": result.append("\u{c}")
        case "v": result.append("\u{b}")
        case "\\", "'", "\"": result.append(scalar)
        case "x": result.append(try hexadecimal(digits: 2, at: &index, end: end))
        case "u": result.append(try hexadecimal(digits: 4, at: &index, end: end))
        case "U": result.append(try hexadecimal(digits: 8, at: &index, end: end))
        case "N": throw fail("named characters are not supported")
        case "0"..."7":
            var value = scalar.value - 48
            var count = 1
            while count < 3, index < end, let digit = peek(index), "0"..."7" ~= digit {
                value = value * 8 + digit.value - 48
                index += 1
                count += 1
            }
            result.append(Unicode.Scalar(value) ?? "\u{FFFD}")
        default:
            result.append("\\")
            result.append(scalar)
        }
    }

    private func hexadecimal(
        digits: Int, at index: inout Int, end: Int
    ) throws(TemplateError) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard index < end, let digit = Character(source[index]).hexDigitValue,
                source[index].isASCII, value < 1 << 24
            else { throw fail("truncated or too large escape sequence") }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw fail("an escape sequence is not a character")
        }
        return scalar
    }
}
