/// How one value is printed in a format string: "%-8.3f" or "{:<8.3f}".
struct FormatSpecification {
    enum Alignment { case left, right, center, afterSign }

    var fill: Unicode.Scalar = " "
    var alignment: Alignment?
    /// "+" or " " before numbers that are not negative.
    var plus = ""
    var isAlternate = false
    var hasThousands = false
    var width = 0
    var precision: Int?
    /// The conversion; nil prints the value as it prints itself.
    var type: Unicode.Scalar?

    /// Widths and precisions beyond are refused.
    static let widthMax = 10_000
    private static let precisionMax = 350
}

extension FormatSpecification {
    /// The text of a value, aligned.
    func text(of value: Value, _ renderer: Renderer) throws(TemplateError) -> String {
        guard width <= Self.widthMax, precision ?? 0 <= Self.precisionMax || !isNumeric else {
            throw renderer.fail("a format's width or precision is too large")
        }
        guard isNumeric else {
            var text = try renderer.text(of: value)
            if type == "r" { text = try renderer.representation(of: value) }
            if let precision { text = String(text.unicodeScalars.prefix(max(0, precision))) }
            return aligned(sign: "", text, default: .left)
        }
        let (isNegative, digits) = try digits(of: value, renderer)
        return aligned(sign: isNegative ? "-" : plus, digits, default: .right)
    }

    private var isNumeric: Bool {
        type.map { $0 != "s" && $0 != "r" && $0 != "c" } ?? false
    }

    private func digits(
        of value: Value, _ renderer: Renderer
    ) throws(TemplateError) -> (isNegative: Bool, digits: String) {
        switch type {
        case "d", "i", "u", "x", "X", "o", "b":
            guard let integer = value.asInteger ?? truncated(value) else {
                throw renderer.fail("a number is required, not '\(value.typeName)'")
            }
            return (integer < 0, integerDigits(integer.magnitude))
        case "f", "F", "%":
            guard let number = value.asNumber else {
                throw renderer.fail("a number is required, not '\(value.typeName)'")
            }
            let scaled = type == "%" ? number * 100 : number
            let digits = FloatText.fixed(scaled.magnitude, places: max(0, precision ?? 6))
            return (scaled.sign == .minus, grouped(digits) + (type == "%" ? "%" : ""))
        default:
            throw renderer.fail("unsupported format character '\(type.map(String.init) ?? "")'")
        }
    }

    private func truncated(_ value: Value) -> Int? {
        guard type == "d" || type == "i" || type == "u", case .number(let number) = value else {
            return nil
        }
        return Int(exactly: number.rounded(.towardZero))
    }

    private func integerDigits(_ magnitude: UInt) -> String {
        switch type {
        case "x": (isAlternate ? "0x" : "") + String(magnitude, radix: 16)
        case "X": (isAlternate ? "0X" : "") + String(magnitude, radix: 16, uppercase: true)
        case "o": (isAlternate ? "0o" : "") + String(magnitude, radix: 8)
        case "b": (isAlternate ? "0b" : "") + String(magnitude, radix: 2)
        default: grouped(String(magnitude))
        }
    }

    /// Commas between groups of three digits, if asked for.
    private func grouped(_ digits: String) -> String {
        guard hasThousands else { return digits }
        let whole = Array(digits.prefix { $0 != "." })
        var result = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result + digits.dropFirst(whole.count)
    }

    private func aligned(sign: String, _ text: String, default fallback: Alignment) -> String {
        let missing = width - sign.unicodeScalars.count - text.unicodeScalars.count
        guard missing > 0 else { return sign + text }
        func pad(_ count: Int) -> String { String(repeating: String(fill), count: count) }
        return switch alignment ?? fallback {
        case .left: sign + text + pad(missing)
        case .right: pad(missing) + sign + text
        case .center: pad(missing / 2) + sign + text + pad(missing - missing / 2)
        case .afterSign: sign + pad(missing) + text
        }
    }
}
