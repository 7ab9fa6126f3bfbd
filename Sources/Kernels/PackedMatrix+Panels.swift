internal import COneDNN

/// How panels of a checkpoint's weights come into the layouts that products read.
extension PackedMatrix {
    /// How the checkpoint stores the rows of a range; nil if it stores plain numbers.
    typealias Formats = (Range<Int>) -> [(columns: Range<Int>, format: WeightFormat)]?
    /// Writes the rows of a range.
    typealias Fill = (Range<Int>, UnpackedWeights) throws -> Void

    /// Packs plain numbers for oneDNN, and keeps the checkpoint's blocks for products of few rows
    /// where it has them and `keepsBlocks`.
    static func bfloat16(
        _ columns: Range<Int>, depth: Int, keepsBlocks: Bool, memory: WeightMemory,
        formats: Formats, fill: Fill
    ) rethrows -> BFloat16Weights {
        let count = columns.count * depth
        let plain = AlignedBuffer(of: UInt16.self, count: count)
        try plain.withElements(of: UInt16.self) {
            try fill(columns, .bfloat16(UnsafeMutableBufferPointer(start: $0, count: count)))
        }
        var layout = MatrixProduct.packedLayout(
            .bfloat16, depth: depth, columns: columns.count)
        let packed = memory.buffer(byteCount: dnnl_memory_desc_get_size(&layout))
        var weights = BFloat16Weights(
            layout: layout, operand: view(packed.address, as: layout), storage: packed,
            plain: FewRowsWeights(panel: packed, layout: layout, columns: columns.count))
        let stream = makeStream()
        defer { dnnl_stream_destroy(stream) }
        reorder(
            plain,
            from: matrix(
                ComputeType.bfloat16.code, rows: depth, columns: columns.count, rowStride: 1,
                columnStride: depth),
            to: layout, weights.operand, stream: stream)
        if keepsBlocks, let stored = formats(columns) {
            weights.blocks = try FewRowsWeights(
                formats: runs(stored, of: columns), depth: depth, memory: memory
            ) { try read($0, of: columns, into: $1, fill: fill) }
        }
        return weights
    }

    /// The blocks of the checkpoint where it has them, else plain numbers.
    static func float32(
        _ columns: Range<Int>, depth: Int, memory: WeightMemory, formats: Formats, fill: Fill
    ) rethrows -> FloatWeights {
        if let stored = formats(columns) {
            return try FloatWeights(
                formats: runs(stored, of: columns), depth: depth, memory: memory
            ) { try read($0, of: columns, into: $1, fill: fill) }
        }
        let count = columns.count * depth
        return try AlignedBuffer(of: Float.self, count: count).withElements(of: Float.self) {
            try fill(columns, .float32(UnsafeMutableBufferPointer(start: $0, count: count)))
            return FloatWeights($0, depth: depth, columns: columns.count, memory: memory)
        }
    }

    /// Runs of columns counted from a panel's first.
    private static func runs(
        _ stored: [(columns: Range<Int>, format: WeightFormat)], of panel: Range<Int>
    ) -> [(columns: Range<Int>, format: WeightFormat)] {
        let first = panel.lowerBound
        return stored.map { run in
            (run.columns.lowerBound - first..<run.columns.upperBound - first, run.format)
        }
    }

    private static func read(
        _ columns: Range<Int>, of panel: Range<Int>, into blocks: UnsafeMutableRawBufferPointer,
        fill: Fill
    ) rethrows {
        let first = panel.lowerBound
        try fill(first + columns.lowerBound..<first + columns.upperBound, .blocks(blocks))
    }
}
