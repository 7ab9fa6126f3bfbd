/// Python's spelling of floats.
enum FloatText {
    /// `repr`: the shortest digits that read back as the same number, with an exponent below
    /// 1e-4 and from 1e16 on.
    static func shortest(_ value: Double) -> String {
        guard value.isFinite else {
            return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
        }
        var (digits, exponent) = decimal(value.magnitude)
        let sign = value.sign == .minus ? "-" : ""
        if exponent < -4 || exponent >= 16 {
            let first = digits.removeFirst()
            let fraction = digits.isEmpty ? "" : "." + digits
            let magnitude = abs(exponent)
            return "\(sign)\(first)\(fraction)e\(exponent < 0 ? "-" : "+")"
                + (magnitude < 10 ? "0\(magnitude)" : "\(magnitude)")
        }
        if exponent < 0 {
            return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
        }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
        }
        let point = digits.index(digits.startIndex, offsetBy: exponent + 1)
        return sign + digits[..<point] + "." + digits[point...]
    }

    /// The shortest digits d₀d₁d₂… and the exponent e of a number d₀.d₁d₂… × 10ᵉ.
    private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
        guard value > 0 else { return ("0", 0) }
        // Swift spells the same shortest digits, in its own choice of notation.
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        var digits = mantissa[0] + (mantissa.count > 1 ? mantissa[1] : "")
        var exponent = mantissa[0].count - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.count > 1, digits.first == "0" {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return (String(digits), exponent)
    }

    /// `%.nf`: exactly `places` digits after the point, the exact value rounded half to even.
    static func fixed(_ value: Double, places: Int) -> String {
        guard value.isFinite else { return shortest(value) }
        let sign = value.sign == .minus ? "-" : ""
        var digits = exactDigits(value.magnitude, places: places)
        if digits.count <= places {
            digits.insert(contentsOf: repeatElement(0, count: places + 1 - digits.count), at: 0)
        }
        let text = digits.map { String($0) }
        let whole = text[..<(text.count - places)].joined()
        return sign + whole + (places > 0 ? "." + text[(text.count - places)...].joined() : "")
    }

    /// The decimal digits of value × 10^places, rounded to an integer.
    private static func exactDigits(_ value: Double, places: Int) -> [UInt8] {
        guard value > 0 else { return [0] }
        // value = significand × 2^power, computed on base-10⁹ limbs, the lowest first.
        let power = Int(value.exponent) - 52
        let isSubnormal = value.exponentBitPattern == 0
        var limbs = Limbs(
            isSubnormal
                ? value.significandBitPattern : value.significandBitPattern | (1 << 52))
        let shift = isSubnormal ? -1074 : power
        for _ in 0..<places { limbs.multiply(by: 10) }
        if shift >= 0 {
            for _ in 0..<shift { limbs.multiply(by: 2) }
        } else {
            limbs.divideByPowerOfTwo(-shift)
        }
        return limbs.digits
    }
}

/// A natural number of any size, enough for the digits of a float.
private struct Limbs {
    private static let base: UInt64 = 1_000_000_000
    private var limbs: [UInt64] = []

    init(_ value: UInt64) {
        var rest = value
        repeat {
            limbs.append(rest % Self.base)
            rest /= Self.base
        } while rest > 0
    }

    mutating func multiply(by factor: UInt64) {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let product = limbs[index] * factor + carry
            limbs[index] = product % Self.base
            carry = product / Self.base
        }
        if carry > 0 { limbs.append(carry) }
    }

    /// Divides by 2^count and rounds half to even.
    mutating func divideByPowerOfTwo(_ count: Int) {
        var half = false
        var below = false
        for _ in 0..<count {
            below = below || half
            var remainder: UInt64 = 0
            for index in limbs.indices.reversed() {
                let dividend = remainder * Self.base + limbs[index]
                limbs[index] = dividend / 2
                remainder = dividend % 2
            }
            half = remainder == 1
            while limbs.count > 1, limbs.last == 0 { limbs.removeLast() }
        }
        if half, below || limbs[0] % 2 == 1 { increment() }
    }

    private mutating func increment() {
        for index in limbs.indices {
            limbs[index] += 1
            if limbs[index] < Self.base { return }
            limbs[index] = 0
        }
        limbs.append(1)
    }

    var digits: [UInt8] {
        var digits: [UInt8] = []
        for (index, limb) in limbs.enumerated() {
            var rest = limb
            for _ in 0..<9 {
                if rest == 0, index == limbs.count - 1 { break }
                digits.append(UInt8(rest % 10))
                rest /= 10
            }
        }
        return digits.isEmpty ? [0] : digits.reversed()
    }
}
