/// A storage format as a sequence of blocks, each decoded without its neighbours.
///
/// Every `decode` gives the bits that ggml's reference `dequantize_row_*` and gguf-py give: the
/// same products and sums in the same order, none fused. The loops are plain so that the compiler
/// turns them into vector code, and debug builds stay usable.
protocol BlockFormat {
    static var valuesPerBlock: Int { get }
    static var bytesPerBlock: Int { get }

    /// Reads `bytesPerBlock` bytes, of any alignment, and writes `valuesPerBlock` values.
    static func decodeBlock(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>)
}

extension BlockFormat {
    static var layout: (values: Int, bytes: Int) {
        (valuesPerBlock, bytesPerBlock)
    }

    @inline(__always)
    static func decode(_ source: UnsafeRawBufferPointer, into values: UnsafeMutablePointer<Float>) {
        guard let base = source.baseAddress else { return }
        for block in 0..<source.count / bytesPerBlock {
            decodeBlock(base + block &* bytesPerBlock, into: values + block &* valuesPerBlock)
        }
    }
}

extension UnsafeRawPointer {
    /// The byte at `offset`.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        load(fromByteOffset: offset, as: UInt8.self)
    }

    /// The signed byte at `offset`.
    @inline(__always)
    func signedByte(_ offset: Int) -> Int8 {
        load(fromByteOffset: offset, as: Int8.self)
    }

    /// The IEEE half at `offset`, widened.
    @inline(__always)
    func half(_ offset: Int) -> Float {
        widenHalf(UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }

    /// The 32-bit word at `offset`.
    @inline(__always)
    func word(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
