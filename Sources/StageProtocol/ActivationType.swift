/// How activations are written between stages.
package enum ActivationType: UInt8, Hashable, Sendable, CaseIterable {
    /// As computed.
    case float32 = 1
    /// Rounded to the nearest bfloat16, ties to even: half the bytes.
    case bfloat16 = 2

    /// Bytes of one number.
    package var byteCount: Int {
        switch self {
        case .float32: 4
        case .bfloat16: 2
        }
    }
}

extension ActivationType: WireCodable {
    package static var encodedByteCountMin: Int { 1 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(rawValue)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        guard let type = ActivationType(rawValue: try reader.integer()) else {
            throw .outOfRange("activation type")
        }
        self = type
    }
}

/// The upper half of a 32-bit float.
package enum BFloat16 {
    /// The bits of the bfloat16 nearest to `value`, ties to even; NaN stays NaN.
    @inline(__always)
    package static func bits(rounding value: Float) -> UInt16 {
        let bits = value.bitPattern
        let rounded = bits &+ 0x7FFF &+ (bits >> 16 & 1)
        let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
        return UInt16(truncatingIfNeeded: (isNaN ? bits | 0x40_0000 : rounded) >> 16)
    }

    @inline(__always)
    package static func float(_ bits: UInt16) -> Float {
        Float(bitPattern: UInt32(bits) << 16)
    }

    /// Rounds `source` into `destination`, which is as long.
    package static func round(_ source: Span<Float>, into destination: inout MutableSpan<UInt16>) {
        precondition(source.count == destination.count)
        for index in source.indices { destination[index] = bits(rounding: source[index]) }
    }

    /// Widens `source` into `destination`, which is as long.
    package static func widen(_ source: Span<UInt16>, into destination: inout MutableSpan<Float>) {
        precondition(source.count == destination.count)
        for index in source.indices { destination[index] = float(source[index]) }
    }
}
