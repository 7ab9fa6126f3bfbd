// ggml's blocks of 32 values that share one scale d, and in the `_1` formats one minimum m. Where a
// byte holds two values, its low four bits are value i and its high four bits value i + 16.

/// d · (q − 8): half d, 32 × 4 bits.
// swift-format-ignore: AlwaysUseLowerCamelCase
enum Q4_0: BlockFormat {
    static let valuesPerBlock = 32
    static let bytesPerBlock = 18

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        for i in 0..<16 {
            let pair = Int32(block.byte(2 &+ i))
            values[i] = scale * Float((pair & 15) &- 8)
            values[i &+ 16] = scale * Float((pair >> 4) &- 8)
        }
    }
}

/// d · q + m: half d, half m, 32 × 4 bits.
// swift-format-ignore: AlwaysUseLowerCamelCase
enum Q4_1: BlockFormat {
    static let valuesPerBlock = 32
    static let bytesPerBlock = 20

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        let minimum = block.half(2)
        for i in 0..<16 {
            let pair = Int32(block.byte(4 &+ i))
            values[i] = scale * Float(pair & 15) + minimum
            values[i &+ 16] = scale * Float(pair >> 4) + minimum
        }
    }
}

/// d · (q − 16): half d, 32 × the fifth bit, 32 × the lower 4 bits.
// swift-format-ignore: AlwaysUseLowerCamelCase
enum Q5_0: BlockFormat {
    static let valuesPerBlock = 32
    static let bytesPerBlock = 22

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        let fifthBits = block.word(2)
        for i in 0..<16 {
            let pair = Int32(block.byte(6 &+ i))
            let low = (pair & 15) | fifthBit(i, of: fifthBits)
            let high = (pair >> 4) | fifthBit(i &+ 16, of: fifthBits)
            values[i] = scale * Float(low &- 16)
            values[i &+ 16] = scale * Float(high &- 16)
        }
    }
}

/// d · q + m: half d, half m, 32 × the fifth bit, 32 × the lower 4 bits.
// swift-format-ignore: AlwaysUseLowerCamelCase
enum Q5_1: BlockFormat {
    static let valuesPerBlock = 32
    static let bytesPerBlock = 24

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        let minimum = block.half(2)
        let fifthBits = block.word(4)
        for i in 0..<16 {
            let pair = Int32(block.byte(8 &+ i))
            let low = (pair & 15) | fifthBit(i, of: fifthBits)
            let high = (pair >> 4) | fifthBit(i &+ 16, of: fifthBits)
            values[i] = scale * Float(low) + minimum
            values[i &+ 16] = scale * Float(high) + minimum
        }
    }
}

/// Bit `index` of `word`, where a 5-bit value has its uppermost.
@inline(__always)
private func fifthBit(_ index: Int, of word: UInt32) -> Int32 {
    Int32(truncatingIfNeeded: ((word &>> UInt32(truncatingIfNeeded: index)) & 1) << 4)
}

/// d · q: half d, 32 × a signed byte.
// swift-format-ignore: AlwaysUseLowerCamelCase
enum Q8_0: BlockFormat {
    static let valuesPerBlock = 32
    static let bytesPerBlock = 34

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        for i in 0..<32 {
            values[i] = scale * Float(block.signedByte(2 &+ i))
        }
    }
}
