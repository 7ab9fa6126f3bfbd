extension [UInt8] {
    /// Appends `value` · 10^-decimals in digits, all of its decimals.
    mutating func append(_ value: Int64, decimals: Int = 0) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(unsigned: value.magnitude, decimals: decimals)
    }

    mutating func append(unsigned value: UInt64, decimals: Int = 0) {
        var rest = value
        let start = count
        var digitCount = 0
        repeat {
            if digitCount == decimals, decimals > 0 { append(UInt8(ascii: ".")) }
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
            digitCount += 1
        } while rest > 0 || digitCount <= decimals
        self[start...].reverse()
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }
}

/// Numbers for people.
enum DecimalText {
    /// Like "12.3 %".
    static func percent(_ share: Double) -> String {
        guard share.isFinite, share.magnitude < 1e9 else { return "– %" }
        return text(Int64((share * 1000).rounded()), decimals: 1) + " %"
    }

    /// `value` · 10^-decimals.
    static func text(_ value: Int64, decimals: Int) -> String {
        var bytes: [UInt8] = []
        bytes.append(value, decimals: decimals)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Numbers of things for people.
package enum CountText {
    /// Like "1 token" and "2 tokens".
    package static func text(_ count: Int, _ noun: String, _ plural: String = "s") -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(noun)\(plural)"
    }
}

/// Durations for people.
enum DurationText {
    /// A unit that durations are told in.
    struct Unit {
        let name: String
        let nanoseconds: Int64

        static let nanosecond = Unit(name: "ns", nanoseconds: 1)
        static let larger = [
            Unit(name: "s", nanoseconds: 1_000_000_000), Unit(name: "ms", nanoseconds: 1_000_000),
            Unit(name: "µs", nanoseconds: 1000),
        ]

        /// The duration rounded to four digits, without zeros at the end.
        func text(_ duration: Int64) -> String {
            guard nanoseconds > 1 else { return "\(duration) \(name)" }
            var (unit, decimals) = (nanoseconds / 1000, 3)
            while decimals > 0, Self.quotient(duration, unit).magnitude >= 10000 {
                (unit, decimals) = (unit * 10, decimals - 1)
            }
            var value = Self.quotient(duration, unit)
            while decimals > 0, value % 10 == 0 {
                (value, decimals) = (value / 10, decimals - 1)
            }
            return "\(DecimalText.text(value, decimals: decimals)) \(name)"
        }

        /// Rounded to the nearest integer.
        private static func quotient(_ duration: Int64, _ unit: Int64) -> Int64 {
            let (whole, rest) = duration.quotientAndRemainder(dividingBy: unit)
            return whole + (2 * rest.magnitude >= unit.magnitude ? duration.signum() : 0)
        }
    }

    /// In the unit that suits it, like "1.234 s" or "500 µs".
    static func text(_ duration: Int64) -> String {
        Unit(for: duration).text(duration)
    }

    /// The longest of 1, 2, 5, 10, 20 … nanoseconds that is no longer than `duration`; at least 1.
    static func step(atMost duration: Int64) -> Int64 {
        var step: Int64 = 1
        while step <= duration / 10 { step *= 10 }
        if step <= duration / 5 { return step * 5 }
        return step <= duration / 2 ? step * 2 : step
    }
}

extension DurationText.Unit {
    /// The largest unit that the duration reaches.
    init(for duration: Int64) {
        self =
            Self.larger.first { duration.magnitude >= $0.nanoseconds.magnitude } ?? .nanosecond
    }
}
