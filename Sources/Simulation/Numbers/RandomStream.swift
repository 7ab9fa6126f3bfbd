/// Random numbers that are a function of a seed and of what they are for (Vigna's SplitMix64), so
/// that what one part of a simulation draws does not depend on what another does.
struct RandomStream: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64, _ purpose: Purpose, _ first: UInt64 = 0, _ second: UInt64 = 0) {
        state = Self.mix(Self.mix(Self.mix(seed ^ purpose.rawValue << 56) ^ first) ^ second)
    }

    enum Purpose: UInt64 {
        case request = 1
        case arrivals
        case jitter
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.scramble(state)
    }

    /// At least 0 and below 1.
    mutating func share() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Exponentially distributed with mean 1.
    mutating func exponential() -> Double {
        // 1 − share is above 0.
        -ElementaryFunctions.logarithm(1 - share())
    }

    /// Near enough normally distributed with mean 0 and deviation 1: a sum of twelve uniform
    /// numbers, which never leaves ±6.
    mutating func normal() -> Double {
        var sum = -6.0
        for _ in 0..<12 { sum += share() }
        return sum
    }

    /// A hash of one number, different for every number.
    static func mix(_ value: UInt64) -> UInt64 {
        scramble(value &+ 0x9E37_79B9_7F4A_7C15)
    }

    private static func scramble(_ value: UInt64) -> UInt64 {
        var mixed = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
