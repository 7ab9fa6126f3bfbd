/// Functions of the C library that pure targets do without, made of sums, products and quotients
/// alone, so that they give the same bits on every machine.
enum ElementaryFunctions {
    private static let ln2 = 0.6931471805599453
    private static let sqrt2 = 1.4142135623730951

    /// The natural logarithm of a positive finite number, within 1e-15 or relatively so.
    static func logarithm(_ value: Double) -> Double {
        var exponent = Double(value.exponent)
        var fraction = value.significand
        if fraction > sqrt2 {
            fraction /= 2
            exponent += 1
        }
        // ln f = 2·artanh z = 2·(z + z³/3 + z⁵/5 + …) with z = (f − 1)/(f + 1), |z| ≤ 0.1716.
        let z = (fraction - 1) / (fraction + 1)
        let square = z * z
        var sum = 0.0
        for divisor in stride(from: 21.0, through: 1, by: -2) {
            sum = sum * square + 1 / divisor
        }
        return exponent * ln2 + 2 * z * sum
    }

    /// e to the power of a number between −700 and 700, within a relative 1e-14.
    static func exponential(_ value: Double) -> Double {
        let exponent = (value / ln2).rounded()
        let rest = value - exponent * ln2
        // |rest| ≤ 0.347: Horner's scheme of 1 + r·(1 + r/2·(1 + r/3·(…))).
        var sum = 1.0
        for divisor in stride(from: 14.0, through: 1, by: -1) {
            sum = 1 + sum * rest / divisor
        }
        return sum * Double(sign: .plus, exponent: Int(exponent), significand: 1)
    }
}
