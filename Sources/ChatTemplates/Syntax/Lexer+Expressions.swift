/// The tokens inside of tags.
extension Lexer {
    /// Reads white space or one token. `open` holds the closing brackets still to come.
    mutating func lexExpressionToken(open: inout [Punctuation]) throws(TemplateError) {
        let scalar = source[position]
        if scalar.isPythonSpace {
            advance(to: skippingSpace(from: position))
        } else if scalar.isASCIIDigit {
            try lexNumber()
        } else if scalar.isNameContinuation {
            try lexName()
        } else if scalar == "'" || scalar == "\"" {
            try lexString()
        } else {
            try lexPunctuation(open: &open)
        }
    }

    func text(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: source[range])
        return String(view)
    }

    private mutating func lexName() throws(TemplateError) {
        guard source[position].isNameStart else { throw fail("invalid character in identifier") }
        var end = position
        while let scalar = peek(end), scalar.isNameContinuation { end += 1 }
        emit(.name(text(position..<end)))
        advance(to: end)
    }

    private mutating func lexPunctuation(open: inout [Punctuation]) throws(TemplateError) {
        guard let symbol = Punctuation.allCases.first(where: { matches($0.rawValue, at: position) })
        else {
            throw fail("unexpected character '\(source[position])'")
        }
        if let closing = symbol.closing {
            open.append(closing)
        } else if symbol.isClosing, open.popLast() != symbol {
            throw fail("unexpected '\(symbol.rawValue)'")
        }
        emit(.symbol(symbol))
        advance(to: position + symbol.rawValue.unicodeScalars.count)
    }

    // MARK: Numbers

    /// The end of a run of digits, single underscores between them, that starts at `index`.
    private func digitsEnd(from index: Int, where isDigit: (Unicode.Scalar) -> Bool) -> Int? {
        guard let first = peek(index), isDigit(first) else { return nil }
        var end = index + 1
        while let scalar = peek(end) {
            if isDigit(scalar) {
                end += 1
            } else if scalar == "_", let next = peek(end + 1), isDigit(next) {
                end += 2
            } else {
                break
            }
        }
        return end
    }

    private mutating func lexNumber() throws(TemplateError) {
        if position == 0 || source[position - 1] != ".", let end = floatEnd() {
            guard let value = Double(digits(position..<end)) else { throw fail("bad number") }
            emit(.float(value))
            advance(to: end)
            return
        }
        let (start, end, radix) = integerExtent()
        guard let value = Int(digits(start..<end), radix: radix) else {
            throw fail("integer \(text(position..<end)) does not fit into 64 bits")
        }
        emit(.integer(value))
        advance(to: end)
    }

    private func digits(_ range: Range<Int>) -> String {
        text(range).filter { $0 != "_" }
    }

    /// The end of a float at the position: digits with a fraction, an exponent or both.
    private func floatEnd() -> Int? {
        guard let whole = digitsEnd(from: position, where: \.isASCIIDigit) else { return nil }
        let fraction = peek(whole) == "." ? digitsEnd(from: whole + 1, where: \.isASCIIDigit) : nil
        let mantissa = fraction ?? whole
        if peek(mantissa) == "e" || peek(mantissa) == "E" {
            let signed = peek(mantissa + 1) == "+" || peek(mantissa + 1) == "-"
            let exponent = mantissa + (signed ? 2 : 1)
            if let end = digitsEnd(from: exponent, where: \.isASCIIDigit) { return end }
        }
        return fraction
    }

    /// The digits of an integer at the position and their radix.
    private func integerExtent() -> (start: Int, end: Int, radix: Int) {
        if source[position] == "0", let marker = peek(position + 1) {
            let radix: Int? =
                switch marker {
                case "b", "B": 2
                case "o", "O": 8
                case "x", "X": 16
                default: nil
                }
            let start = position + (peek(position + 2) == "_" ? 3 : 2)
            if let radix,
                let end = digitsEnd(
                    from: start, where: { Character($0).hexDigitValue.map { $0 < radix } ?? false })
            {
                return (start, end, radix)
            }
        }
        // A number that starts with 0 is all zeros.
        let zeros = source[position] == "0"
        let end = digitsEnd(from: position, where: { zeros ? $0 == "0" : $0.isASCIIDigit })
        return (position, end ?? position + 1, 10)
    }
}
