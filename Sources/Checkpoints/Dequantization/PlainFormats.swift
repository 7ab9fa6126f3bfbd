/// 32-bit floats.
enum F32: BlockFormat {
    static let valuesPerBlock = 1
    static let bytesPerBlock = 4

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        values[0] = Float(bitPattern: block.word(0))
    }
}

/// IEEE halves.
enum F16: BlockFormat {
    static let valuesPerBlock = 1
    static let bytesPerBlock = 2

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        values[0] = block.half(0)
    }
}

/// The upper halves of 32-bit floats.
enum BF16: BlockFormat {
    static let valuesPerBlock = 1
    static let bytesPerBlock = 2

    @inline(__always)
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let bits = UInt16(littleEndian: block.loadUnaligned(as: UInt16.self))
        values[0] = Float(bitPattern: UInt32(bits) << 16)
    }
}
