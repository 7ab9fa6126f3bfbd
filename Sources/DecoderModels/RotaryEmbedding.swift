import Glibc

/// Rotary position embedding: pair i of a head turns by position · frequency(i).
package struct RotaryEmbedding: Hashable, Sendable {
    package enum Scaling: Hashable, Sendable {
        case none
        /// Llama 3.1: long wavelengths are stretched by `factor`, short ones kept, those between
        /// blended.
        case llama3(
            factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float,
            originalContextLength: Float)
        /// Each frequency divided by its own number.
        case divisors([Float])
    }

    package var theta: Float
    package var scaling: Scaling

    package init(theta: Float, scaling: Scaling) {
        self.theta = theta
        self.scaling = scaling
    }

    /// The headSize / 2 frequencies, in radians per position.
    package func frequencies(headSize: Int) -> [Float] {
        let plain = (0..<headSize / 2).map { i in
            Float(1 / pow(Double(theta), Double(2 * i) / Double(headSize)))
        }
        switch scaling {
        case .none:
            return plain
        case .divisors(let divisors):
            return zip(plain, divisors).map { $0 / $1 }
        case .llama3(let factor, let low, let high, let original):
            return plain.map { frequency in
                let wavelength = 2 * Float.pi / frequency
                if wavelength > original / low { return frequency / factor }
                if wavelength < original / high { return frequency }
                let smooth = (original / wavelength - low) / (high - low)
                return (1 - smooth) * frequency / factor + smooth * frequency
            }
        }
    }

    /// Positions before this one turn by angles that are rounded to f32, as in the reference
    /// implementations. Later ones do not: after a million positions rounding would turn a pair by
    /// up to a thirtieth of a radian, and each by another error.
    private static let exactPosition = 1 << 16

    /// Writes [2][frequencies.count]: the cosines, then the sines, at a position.
    static func writeAngles(
        position: Int, frequencies: [Float], to out: inout MutableSpan<Float>
    ) {
        for i in frequencies.indices {
            let angle =
                position < exactPosition
                ? Double(Float(position) * frequencies[i])
                : Double(position) * Double(frequencies[i])
            out[i] = Float(cos(angle))
            out[frequencies.count + i] = Float(sin(angle))
        }
    }
}
