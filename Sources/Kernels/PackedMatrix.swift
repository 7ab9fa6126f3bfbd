internal import COneDNN

/// The weights of a linear layer in panels of output columns, so that workers can share a product
/// by rows or by columns; nobody ever splits a sum. bf16 is packed for oneDNN, f32 for kernels of
/// our own.
///
/// Sendable: immutable once packed.
package final class PackedMatrix: @unchecked Sendable {
    /// One run of output columns.
    struct Panel {
        enum Weights {
            case bfloat16(BFloat16Weights)
            case float32(FloatWeights)
        }

        var columns: Range<Int>
        var weights: Weights

        var byteCount: Int {
            switch weights {
            case .bfloat16(let weights):
                weights.storage.byteCount + (weights.blocks?.byteCount ?? 0)
            case .float32(let weights): weights.byteCount
            }
        }

        /// Bytes that a product of few rows reads unless a trial shows that others are quicker.
        var fewRowsByteCount: Int {
            switch weights {
            case .bfloat16(let weights): weights.blocks?.byteCount ?? weights.storage.byteCount
            case .float32(let weights): weights.byteCount
            }
        }

        /// Whether products of few rows have a choice what to read.
        var hasBlocksBesidePlain: Bool {
            guard case .bfloat16(let weights) = weights else { return false }
            return weights.blocks != nil && weights.plain != nil
        }
    }

    /// A panel as oneDNN wants it.
    struct BFloat16Weights {
        var layout: dnnl_memory_desc_t
        /// What oneDNN calls the storage.
        var operand: dnnl_memory_t
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
    ///   - fewRows: kernels for products of few rows of bf16; used if they give oneDNN's bits.
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
        let fewRows = fewRows.flatMap { kernels -> FewRowsProduct? in
            guard type == .bfloat16 else { return nil }
            let block = ProductOrder.depthBlock(
                kernels, depth: depth, columns: min(panelWidth, columns))
            return block.map { FewRowsProduct(kernels: kernels, depthBlock: $0) }
        }
        self.fewRows = fewRows
        self.type = type
        self.depth = depth
        self.columns = columns
        panels = try stride(from: 0, to: columns, by: panelWidth).map { first in
            let range = first..<min(first + panelWidth, columns)
            switch type {
            case .bfloat16:
                let weights = try Self.bfloat16(
                    range, depth: depth, keepsBlocks: fewRows != nil, memory: memory,
                    formats: formats, fill: fill)
                return Panel(columns: range, weights: .bfloat16(weights))
            case .float32:
                let weights = try Self.float32(
                    range, depth: depth, memory: memory, formats: formats, fill: fill)
                return Panel(columns: range, weights: .float32(weights))
            }
        }
    }

    /// Whether products of few rows have a choice between blocks and panels.
    var hasBlocksBesidePlain: Bool {
        panels.contains { $0.hasBlocksBesidePlain }
    }

    deinit {
        for case .bfloat16(let weights) in panels.map(\.weights) {
            dnnl_memory_destroy(weights.operand)
        }
    }

    package var panelCount: Int {
        panels.count
    }

    /// The output columns of one panel.
    package func columns(ofPanel index: Int) -> Range<Int> {
        panels[index].columns
    }

    package var byteCount: Int {
        panels.reduce(0) { $0 + $1.byteCount }
    }
}
