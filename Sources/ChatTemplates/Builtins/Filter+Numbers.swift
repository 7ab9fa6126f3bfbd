import Foundation

/// The filters of numbers.
extension Renderer {
    func applyNumeric(
        _ filter: Filter, to value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = filter.rawValue
        switch filter {
        case .abs:
            _ = try arguments.bind([], of: name, self)
            if let integer = value.asInteger {
                return integer < 0 ? try negate(.integer(integer)) : .integer(integer)
            }
            guard case .number(let number) = value else {
                throw fail("bad operand type for abs: '\(value.typeName)'")
            }
            return .number(number.magnitude)
        case .float:
            let fallback = try arguments.bind(["default"], of: name, self)[0]
            return try float(value).map(Value.number) ?? fallback ?? .number(0)
        case .int:
            let values = try arguments.bind(["default", "base"], of: name, self)
            let base = try integer(values[1], of: name) ?? 10
            return try int(value, base: base).map(Value.integer) ?? values[0] ?? .integer(0)
        default:
            return try round(value, arguments)
        }
    }

    /// Python's `float`; nil where it raises an error that the filter catches.
    private func float(_ value: Value) throws(TemplateError) -> Double? {
        switch value {
        case .undefined(let undefined): throw fail(undefined.description)
        case .string(let text):
            try charge(bytes: text.utf8.count)
            return Self.parseFloat(text)
        default: return value.asNumber
        }
    }

    private static func parseFloat(_ text: String) -> Double? {
        let text = text.stripped(.both).pythonLowercased()
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        switch unsigned {
        case "inf", "infinity": return text.first == "-" ? -.infinity : .infinity
        case "nan": return .nan
        default:
            guard let digits = withoutUnderscores(text),
                digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 || "+-.e".utf8.contains($0) })
            else { return nil }
            return Double(digits)
        }
    }

    /// Underscores may stand between digits only.
    private static func withoutUnderscores(_ text: String) -> String? {
        guard text.utf8.contains(0x5F) else { return text }
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() where byte == 0x5F {
            guard index > 0, index + 1 < bytes.count, isAlphanumeric(bytes[index - 1]),
                isAlphanumeric(bytes[index + 1])
            else { return nil }
        }
        return String(decoding: bytes.filter { $0 != 0x5F }, as: UTF8.self)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
    }

    /// The `int` filter; nil where it gives its default.
    private func int(_ value: Value, base: Int) throws(TemplateError) -> Int? {
        if let integer = value.asInteger { return integer }
        switch value {
        case .undefined(let undefined): throw fail(undefined.description)
        case .number(let number):
            guard !number.isNaN else { return nil }
            guard let integer = Int(exactly: number.rounded(.towardZero)) else {
                throw fail("a number is too large for an integer")
            }
            return integer
        case .string(let text):
            try charge(bytes: text.utf8.count)
            if let integer = try parseInt(text, base: base) { return integer }
            guard let number = Self.parseFloat(text), number.isFinite else { return nil }
            guard let integer = Int(exactly: number.rounded(.towardZero)) else {
                throw fail("a number is too large for an integer")
            }
            return integer
        default: return nil
        }
    }

    private func parseInt(_ text: String, base: Int) throws(TemplateError) -> Int? {
        guard base == 0 || 2...36 ~= base else { return nil }
        var digits = text.stripped(.both)
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits.removeFirst() }
        var radix = base
        let prefixes = ["0x": 16, "0o": 8, "0b": 2]
        if let prefixed = prefixes[digits.prefix(2).lowercased()], base == 0 || base == prefixed {
            radix = prefixed
            digits.removeFirst(2)
            if digits.first == "_" { digits.removeFirst() }
        } else if base == 0 {
            radix = 10
            if digits.first == "0", digits.contains(where: { $0 != "0" && $0 != "_" }) {
                return nil
            }
        }
        guard let plain = Self.withoutUnderscores(digits), !plain.isEmpty,
            plain.utf8.allSatisfy(Self.isAlphanumeric),
            plain.allSatisfy({ ($0.hexDigitValue ?? Self.letterValue($0)) < radix })
        else { return nil }
        guard let integer = Int((isNegative ? "-" : "") + plain, radix: radix) else {
            throw fail("a number is too large for an integer")
        }
        return integer
    }

    private static func letterValue(_ character: Character) -> Int {
        guard let ascii = character.lowercased().utf8.first, 0x61...0x7A ~= ascii else { return 99 }
        return Int(ascii) - 0x61 + 10
    }

    private func round(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
        let values = try arguments.bind(["precision", "method"], of: "round", self)
        let precision = try integer(values[0], of: "round") ?? 0
        var method = "common"
        if case .string(let name)? = values[1] { method = name }
        guard ["common", "ceil", "floor"].contains(method) else {
            throw fail("method must be common, ceil or floor")
        }
        guard let number = value.asNumber else {
            if case .undefined(let undefined) = value { throw fail(undefined.description) }
            throw fail("'\(value.typeName)' cannot be rounded")
        }
        guard -300...300 ~= precision else { throw fail("precision out of range") }
        if method != "common" {
            let scale = pow(10, Double(precision))
            let scaled = number * scale
            guard scaled.isFinite else { throw fail("a number is too large to be rounded") }
            return .number((method == "ceil" ? ceil(scaled) : floor(scaled)) / scale)
        }
        if let integer = value.asInteger {
            return precision >= 0
                ? .integer(integer) : try rounded(integer, toPowerOfTen: -precision)
        }
        guard number.isFinite else { return .number(number) }
        if precision >= 0 {
            return .number(Double(FloatText.fixed(number, places: precision)) ?? number)
        }
        let scale = pow(10, Double(-precision))
        return .number((number / scale).rounded(.toNearestOrEven) * scale)
    }

    private func rounded(_ value: Int, toPowerOfTen power: Int) throws(TemplateError) -> Value {
        guard power < 19 else { return .integer(0) }
        var scale = 1
        for _ in 0..<power { scale *= 10 }
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: scale)
        let distance = remainder.magnitude
        let half = scale.magnitude / 2
        let isAway = distance > half || distance == half && quotient % 2 != 0
        let nearest = isAway ? quotient + value.signum() : quotient
        return try apply(.multiply, .integer(nearest), .integer(scale))
    }
}
