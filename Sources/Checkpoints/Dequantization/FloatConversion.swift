/// An IEEE half as a float, exactly. Integer arithmetic throughout but for the subnormals, which
/// are renormalised by a subtraction, so that a thread that flushes subnormals gets the same
/// result.
@inline(__always)
func widenHalf(_ half: UInt16) -> Float {
    // The half's exponent and significand, moved to where a float has them; exponents are then
    // rebiased from 15 to 127.
    let magnitude = UInt32(half & 0x7fff) << 13
    let sign = UInt32(half & 0x8000) << 16
    let normal = magnitude &+ (112 << 23)
    let subnormal = Float(bitPattern: magnitude &+ (113 << 23)) - Float(bitPattern: 113 << 23)
    let infinityOrNaN = magnitude &+ (224 << 23)
    let bits =
        magnitude < 1 << 23
        ? subnormal.bitPattern : magnitude >= 31 << 23 ? infinityOrNaN : normal
    return Float(bitPattern: bits | sign)
}

/// The nearest bfloat16, ties to even; a NaN stays a (quiet) NaN. ggml's
/// `ggml_compute_fp32_to_bf16`.
@inline(__always)
func roundToBFloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let isNaN = bits & 0x7fff_ffff > 0x7f80_0000
    let rounded = (bits &+ (0x7fff &+ ((bits >> 16) & 1))) >> 16
    return UInt16(truncatingIfNeeded: isNaN ? (bits >> 16) | 0x40 : rounded)
}
