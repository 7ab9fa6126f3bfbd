/// Numbers without a meaning for measurements, the same for the same seed: of both signs and of
/// magnitudes from 1/2 to below 1, so that no kernel meets anything but ordinary numbers.
enum ArbitraryNumbers {
    /// Sign, exponent and mantissa in the upper 16 bits.
    @inline(__always)
    private static func bits(_ index: Int, _ seed: UInt32) -> UInt32 {
        let mixed = mix(index, seed)
        return (mixed & 0x807f_0000) | 0x3f00_0000
    }

    @inline(__always)
    private static func mix(_ index: Int, _ seed: UInt32) -> UInt32 {
        var x = UInt32(truncatingIfNeeded: index) &+ seed &* 0x9e37_79b9
        x = (x ^ (x >> 16)) &* 0x7feb_352d
        x = (x ^ (x >> 15)) &* 0x846c_a68b
        return x ^ (x >> 16)
    }

    static func fill(_ numbers: UnsafeMutableBufferPointer<Float>, seed: UInt32) {
        for index in numbers.indices {
            numbers[index] = Float(bitPattern: bits(index, seed))
        }
    }

    /// bf16
    static func fill(_ numbers: UnsafeMutableBufferPointer<UInt16>, seed: UInt32) {
        for index in numbers.indices {
            numbers[index] = UInt16(truncatingIfNeeded: bits(index, seed) >> 16)
        }
    }

    static func fill(_ memory: UnsafeMutableRawBufferPointer, of type: ComputeType, seed: UInt32) {
        switch type {
        case .bfloat16: fill(memory.assumingMemoryBound(to: UInt16.self), seed: seed)
        case .float32: fill(memory.assumingMemoryBound(to: Float.self), seed: seed)
        }
    }

    /// bf16 scales from 1/128 to below 1/64, then 8-bit integers.
    static func fillQuantized(
        _ bytes: UnsafeMutableRawBufferPointer, scaleCount: Int, seed: UInt32
    ) {
        let scales = bytes.bindMemory(to: UInt16.self)
        for index in 0..<scaleCount {
            scales[index] = 0x3c00 | UInt16(truncatingIfNeeded: mix(index, seed) & 0x7f)
        }
        for index in scaleCount * MemoryLayout<UInt16>.size..<bytes.count {
            bytes[index] = UInt8(truncatingIfNeeded: mix(index, seed))
        }
    }

    /// Blocks of any format: read as halves, any two bytes are a small positive number, so that
    /// scales are ordinary wherever a format has them.
    static func fillBlocks(_ bytes: UnsafeMutableRawBufferPointer, seed: UInt32) {
        for index in bytes.indices {
            bytes[index] = 0x20 | UInt8(truncatingIfNeeded: mix(index, seed) & 0xf)
        }
    }
}

extension RowBuffer {
    /// A matrix of arbitrary numbers.
    package static func arbitrary(
        rows: Int, width: Int, type: ComputeType, seed: UInt32 = 1
    ) -> RowBuffer {
        let buffer = RowBuffer(rows: rows, width: width, type: type)
        ArbitraryNumbers.fill(
            UnsafeMutableRawBufferPointer(
                start: buffer.rows.address, count: rows * width * type.byteCount),
            of: type, seed: seed)
        return buffer
    }
}

extension Int8Matrix {
    /// A linear layer with arbitrary weights.
    package static func arbitrary(
        depth: Int, columns: Int, panelWidth: Int, kernels: Int8Kernels, seed: UInt32
    ) -> Int8Matrix {
        Int8Matrix(depth: depth, columns: columns, panelWidth: panelWidth, kernels: kernels) {
            ArbitraryNumbers.fill($1, seed: seed &+ UInt32(truncatingIfNeeded: $0.lowerBound))
        }
    }
}

extension PackedMatrix {
    /// A linear layer with arbitrary weights.
    ///
    /// - Parameter format: how a checkpoint would store them; nil for plain numbers.
    package static func arbitrary(
        type: ComputeType, depth: Int, columns: Int, panelWidth: Int, fewRows: FewRowsKernels?,
        format: WeightFormat?, seed: UInt32
    ) -> PackedMatrix {
        PackedMatrix(
            type: type, depth: depth, columns: columns, panelWidth: panelWidth, fewRows: fewRows,
            formats: { rows in format.map { [(columns: rows, format: $0)] } },
            fill: { rows, memory in
                let seed = seed &+ UInt32(truncatingIfNeeded: rows.lowerBound)
                switch memory {
                case .bfloat16(let values): ArbitraryNumbers.fill(values, seed: seed)
                case .float32(let values): ArbitraryNumbers.fill(values, seed: seed)
                case .blocks(let bytes): ArbitraryNumbers.fillBlocks(bytes, seed: seed)
                }
            })
    }

    /// Bytes of weights that a product of few rows reads.
    package var fewRowsByteCount: Int {
        panels.reduce(0) { $0 + $1.fewRowsByteCount }
    }
}
