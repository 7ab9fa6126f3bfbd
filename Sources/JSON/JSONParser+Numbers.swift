extension JSONParser {
    mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        let isNegative = take("-")
        if isNegative, options.allowsNonFiniteNumbers, takeWord("Infinity") {
            return .number(-.infinity)
        }
        if !take("0") { try skipDigits() }
        let isWhole = try !skipFractionAndExponent()
        guard position - start <= JSONParsingOptions.numberBytesMax else {
            throw error(.numberTooLong(byteCount: position - start), at: start)
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let integer = Int(text), !(isNegative && integer == 0) {
            return .integer(integer)
        }
        guard let number = Double(text), number.isFinite || options.hugeNumbers == .infinite else {
            throw error(.numberOutOfRange(text), at: start)
        }
        return .number(number)
    }

    /// Says whether there was either.
    private mutating func skipFractionAndExponent() throws(JSONSyntaxError) -> Bool {
        let start = position
        if take(".") { try skipDigits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try skipDigits()
        }
        return position > start
    }

    private mutating func skipDigits() throws(JSONSyntaxError) {
        let start = position
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            position += 1
        }
        guard position > start else { throw unexpected(.digit) }
    }
}
