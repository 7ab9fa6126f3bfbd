internal import CKernels

/// How a checkpoint stores quantised weights; ggml's names.
// swift-format-ignore: AlwaysUseLowerCamelCase
package enum WeightFormat: Sendable, CaseIterable {
    case q4_0, q4_1, q5_0, q5_1, q8_0, q4_K, q5_K, q6_K

    var code: pk_weight_format {
        switch self {
        case .q4_0: PK_Q4_0
        case .q4_1: PK_Q4_1
        case .q5_0: PK_Q5_0
        case .q5_1: PK_Q5_1
        case .q8_0: PK_Q8_0
        case .q4_K: PK_Q4_K
        case .q5_K: PK_Q5_K
        case .q6_K: PK_Q6_K
        }
    }

    /// Bytes of so many weights of one output.
    package func byteCount(depth: Int) -> Int {
        var values = 0
        var bytes = 0
        precondition(pk_weight_block(code, &values, &bytes) && depth % values == 0)
        return depth / values * bytes
    }

    /// Bytes of so many outputs' weights in the order in which products read them.
    package func packedByteCount(depth: Int, columns: Int) -> Int {
        let width = Int(PK_UNIT_COLUMNS)
        return (columns + width - 1) / width * pk_compact_bytes(code, depth)
    }
}

/// Columns of weights in the order in which products read them: units of 16 columns.
///
/// - Parameters:
///   - memory: where they lie.
///   - read: writes the blocks of some columns, one column after the other.
func compactUnits(
    _ columns: Range<Int>, _ format: WeightFormat, order: pk_compact_order, depth: Int,
    memory: WeightMemory, read: (Range<Int>, UnsafeMutableRawBufferPointer) throws -> Void
) rethrows -> AlignedBuffer {
    let width = Int(PK_UNIT_COLUMNS)
    let unitBytes = pk_compact_bytes(format.code, depth)
    let columnBytes = format.byteCount(depth: depth)
    // Caches are asked to fetch beyond its end, but nothing is read there.
    let storage = memory.buffer(
        byteCount: format.packedByteCount(depth: depth, columns: columns.count))
    let packed = storage.pointer(to: UInt8.self)
    try AlignedBuffer(byteCount: width * columnBytes).withElements(of: UInt8.self) { blocks in
        for unit in 0..<(columns.count + width - 1) / width {
            let first = columns.lowerBound + unit * width
            let part = first..<min(first + width, columns.upperBound)
            try read(
                part,
                UnsafeMutableRawBufferPointer(start: blocks, count: part.count * columnBytes))
            pk_compact_pack(
                format.code, order, depth, part.count, blocks, packed + unit * unitBytes)
        }
    }
    return storage
}
