internal import COneDNN

/// The weights of a linear layer, packed for oneDNN in panels of output columns, so that workers
/// can share a product by rows or by columns; nobody ever splits a sum.
///
/// Sendable: immutable once packed.
package final class PackedMatrix: @unchecked Sendable {
    /// One run of output columns.
    struct Panel {
        var columns: Range<Int>
        var layout: dnnl_memory_desc_t
        var weights: dnnl_memory_t
        var storage: AlignedBuffer
        /// For products of few rows: the panel itself, if their kernels know its layout, and the
        /// checkpoint's blocks, if it has any.
        var plain: FewRowsWeights?
        var blocks: FewRowsWeights?

        /// What products of so few rows read.
        func fewRows(_ rows: Int, blockRowsMax: Int) -> FewRowsWeights? {
            rows <= blockRowsMax ? blocks ?? plain : plain ?? blocks
        }
    }

    /// Products of few rows, and how many inputs they add up on their own.
    struct FewRowsProduct {
        var kernels: FewRowsKernels
        var depthBlock: Int
    }

    package let type: ComputeType
    /// Inputs of the layer.
    package let depth: Int
    /// Outputs of the layer.
    package let columns: Int
    let panels: [Panel]
    let fewRows: FewRowsProduct?

    /// Where weights are written before they are packed: room for some rows of `depth`.
    package enum UnpackedWeights {
        case bfloat16(UnsafeMutableBufferPointer<UInt16>)
        case float32(UnsafeMutableBufferPointer<Float>)
        /// As the checkpoint stores them.
        case blocks(UnsafeMutableRawBufferPointer)
    }

    /// Packs `columns` rows of `depth` weights each (the spelling of checkpoints: one row per
    /// output).
    ///
    /// - Parameters:
    ///   - panelWidth: output columns of a panel; the last one may be narrower.
    ///   - fewRows: kernels for products of few rows; used if they give oneDNN's bits.
    ///   - memory: where the packed weights lie.
    ///   - formats: how the checkpoint stores the rows of a range, run by run; nil if it stores
    ///     plain numbers.
    ///   - fill: writes the rows of a range, one after the other, in numbers of `type` or as they
    ///     are stored.
    package init(
        type: ComputeType, depth: Int, columns: Int, panelWidth: Int,
        fewRows: FewRowsKernels? = nil, memory: WeightMemory = WeightMemory(),
        formats: (_ rows: Range<Int>) -> [(columns: Range<Int>, format: WeightFormat)]? = { _ in
            nil
        },
        fill: (_ rows: Range<Int>, _ to: UnpackedWeights) throws -> Void
    ) rethrows {
        self.fewRows = fewRows.flatMap { kernels in
            guard type == .bfloat16 else { return nil }
            return ProductOrder.depthBlock(kernels, depth: depth).map {
                FewRowsProduct(kernels: kernels, depthBlock: $0)
            }
        }
        self.type = type
        self.depth = depth
        self.columns = columns
        let stream = makeStream()
        defer { dnnl_stream_destroy(stream) }
        let plain = AlignedBuffer(byteCount: min(panelWidth, columns) * depth * type.byteCount)
        var panels: [Panel] = []
        var first = 0
        while first < columns {
            let range = first..<min(first + panelWidth, columns)
            switch type {
            case .bfloat16:
                let values = plain.pointer(to: UInt16.self)
                try fill(
                    range,
                    .bfloat16(.init(start: values, count: range.count * depth)))
            case .float32:
                let values = plain.pointer(to: Float.self)
                try fill(range, .float32(.init(start: values, count: range.count * depth)))
            }
            var layout = MatrixProduct.packedLayout(
                ProductType(type), depth: depth, columns: range.count, rows: Self.typicalRows)
            let packed = memory.buffer(byteCount: dnnl_memory_desc_get_size(&layout))
            let weights = view(packed.address, as: layout)
            reorder(
                from: matrix(
                    type.code, rows: depth, columns: range.count, rowStride: 1,
                    columnStride: depth),
                at: plain.address, to: layout, weights, stream: stream)
            var panel = Panel(
                columns: range, layout: layout, weights: weights, storage: packed,
                plain: FewRowsWeights(panel: packed, layout: layout, columns: range.count))
            if self.fewRows != nil {
                panel.blocks = try Self.blocks(
                    range, depth: depth, memory: memory, formats: formats, fill: fill)
            }
            panels.append(panel)
            first = range.upperBound
        }
        self.panels = panels
    }

    /// The checkpoint's blocks of a panel; nil if it has plain numbers.
    private static func blocks(
        _ panel: Range<Int>, depth: Int, memory: WeightMemory,
        formats: (Range<Int>) -> [(columns: Range<Int>, format: WeightFormat)]?,
        fill: (Range<Int>, UnpackedWeights) throws -> Void
    ) rethrows -> FewRowsWeights? {
        guard let stored = formats(panel) else { return nil }
        let first = panel.lowerBound
        let runs = stored.map { run in
            (run.columns.lowerBound - first..<run.columns.upperBound - first, run.format)
        }
        return try FewRowsWeights(formats: runs, depth: depth, memory: memory) { columns, blocks in
            try fill(first + columns.lowerBound..<first + columns.upperBound, .blocks(blocks))
        }
    }

    /// Whether products of few rows have a choice what to read.
    var hasBlocks: Bool {
        panels.contains { $0.blocks != nil && $0.plain != nil }
    }

    deinit {
        for panel in panels { dnnl_memory_destroy(panel.weights) }
    }

    package var panelCount: Int {
        panels.count
    }

    /// The output columns of one panel.
    package func columns(ofPanel index: Int) -> Range<Int> {
        panels[index].columns
    }

    package var byteCount: Int {
        panels.reduce(0) { $0 + $1.storage.byteCount + ($1.blocks?.byteCount ?? 0) }
    }

    /// Rows for which oneDNN chooses the layout; it chooses the same for all.
    private static let typicalRows = 64
}
