// ggml's super-blocks of 256 values: sub-blocks whose scales (and minima) are small integers, times
// the super-block's own scale d (and dmin).

/// (d · s) · q − (dmin · m), 8 sub-blocks of 32: half d, half dmin, 12 bytes of s and m, 256 × 4
/// bits.
///
/// Of 64 consecutive values the first 32 lie in the low four bits of 32 bytes, the others in the
/// high.
// swift-format-ignore: AlwaysUseLowerCamelCase
enum Q4_K: BlockFormat {
    static let valuesPerBlock = 256
    static let bytesPerBlock = 144

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let scales = SubBlockScales(block)
        for pair in 0..<4 {
            let (scaleLow, minimumLow) = scales[pair &* 2]
            let (scaleHigh, minimumHigh) = scales[pair &* 2 &+ 1]
            let bytes = block + 16 + pair &* 32
            let target = values + pair &* 64
            for i in 0..<32 {
                let both = Int32(bytes.byte(i))
                target[i] = scaleLow * Float(both & 15) - minimumLow
                target[i &+ 32] = scaleHigh * Float(both >> 4) - minimumHigh
            }
        }
    }
}

/// As `Q4_K` with a fifth bit: half d, half dmin, 12 bytes of s and m, 32 bytes of fifth bits (bit
/// k of byte i belongs to value i of sub-block k), 256 × the lower 4 bits.
// swift-format-ignore: AlwaysUseLowerCamelCase
enum Q5_K: BlockFormat {
    static let valuesPerBlock = 256
    static let bytesPerBlock = 176

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let scales = SubBlockScales(block)
        let fifthBits = block + 16
        for pair in 0..<4 {
            let (scaleLow, minimumLow) = scales[pair &* 2]
            let (scaleHigh, minimumHigh) = scales[pair &* 2 &+ 1]
            let bytes = block + 48 + pair &* 32
            let target = values + pair &* 64
            let shift = Int32(truncatingIfNeeded: pair &* 2)
            for i in 0..<32 {
                let both = Int32(bytes.byte(i))
                let fifths = Int32(fifthBits.byte(i)) &>> shift
                let low = (both & 15) | ((fifths & 1) << 4)
                let high = (both >> 4) | ((fifths & 2) << 3)
                target[i] = scaleLow * Float(low) - minimumLow
                target[i &+ 32] = scaleHigh * Float(high) - minimumHigh
            }
        }
    }
}

/// (d · s) · (q − 32), 16 sub-blocks of 16: 128 bytes with the lower 4 bits of q, 64 bytes with the
/// upper 2, 16 signed bytes s, half d.
///
/// Each half of the super-block has 64 bytes of lower and 32 bytes of upper bits. Of its four runs
/// of 32 values, run k has its upper bits in bits 2k and 2k + 1; runs 0 and 1 have their lower bits
/// in the low four bits of the first and the second 32 bytes, runs 2 and 3 in their high four.
// swift-format-ignore: AlwaysUseLowerCamelCase
enum Q6_K: BlockFormat {
    static let valuesPerBlock = 256
    static let bytesPerBlock = 210

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let superScale = block.half(208)
        for half in 0..<2 {
            let lower = block + half &* 64
            let upper = block + 128 + half &* 32
            let scales = block + 192 + half &* 8
            for group in 0..<2 {
                let target = values + half &* 128 + group &* 16
                let scale0 = superScale * Float(scales.signedByte(group))
                let scale1 = superScale * Float(scales.signedByte(group &+ 2))
                let scale2 = superScale * Float(scales.signedByte(group &+ 4))
                let scale3 = superScale * Float(scales.signedByte(group &+ 6))
                for i in 0..<16 {
                    let first = Int32(lower.byte(group &* 16 &+ i))
                    let second = Int32(lower.byte(group &* 16 &+ i &+ 32))
                    let bits = Int32(upper.byte(group &* 16 &+ i))
                    let value0 = ((first & 15) | ((bits & 3) << 4)) &- 32
                    let value1 = ((second & 15) | ((bits & 12) << 2)) &- 32
                    let value2 = ((first >> 4) | (bits & 48)) &- 32
                    let value3 = ((second >> 4) | ((bits & 192) >> 2)) &- 32
                    target[i] = scale0 * Float(value0)
                    target[i &+ 32] = scale1 * Float(value1)
                    target[i &+ 64] = scale2 * Float(value2)
                    target[i &+ 96] = scale3 * Float(value3)
                }
            }
        }
    }
}

/// The scales and minima of a `Q4_K` or `Q5_K` super-block's eight sub-blocks, 6 bits each in 12
/// bytes: sub-blocks 0 to 3 have s in the lower 6 bits of bytes 0 to 3 and m in those of bytes 4 to
/// 7; sub-blocks 4 to 7 have their lower 4 bits in bytes 8 to 11 (s low, m high) and their upper 2
/// bits in the two bits that the others left over.
private struct SubBlockScales {
    let scale: Float
    let minimum: Float
    let packed: UnsafeRawPointer

    @inline(__always)
    init(_ block: UnsafeRawPointer) {
        scale = block.half(0)
        minimum = block.half(2)
        packed = block + 4
    }

    /// d · s and dmin · m of sub-block `index`.
    @inline(__always)
    subscript(index: Int) -> (scale: Float, minimum: Float) {
        let s: UInt8
        let m: UInt8
        if index < 4 {
            s = packed.byte(index) & 63
            m = packed.byte(index &+ 4) & 63
        } else {
            let lower = packed.byte(index &+ 4)
            s = (lower & 15) | ((packed.byte(index &- 4) >> 6) << 4)
            m = (lower >> 4) | ((packed.byte(index) >> 6) << 4)
        }
        return (scale * Float(s), minimum * Float(m))
    }
}
