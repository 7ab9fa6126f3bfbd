internal import CKernels
internal import COneDNN

/// Products of few rows of bf16 (decode), for which weights are better read as few bytes than as
/// many: from the checkpoint's own blocks, or from panels without a detour through oneDNN. They
/// give the bits that oneDNN gives, or are not used.
///
/// Sendable: points to constant tables.
package struct FewRowsKernels: @unchecked Sendable {
    private let plain: @convention(c) (UnsafePointer<pk_few_rows>?) -> Void
    private let compact: @convention(c) (UnsafePointer<pk_few_rows>?) -> Void

    static let rowsMax = Int(PK_FEW_ROWS)

    /// nil where the instruction set has no such kernels.
    package init?(instructionSet: InstructionSet) {
        guard let table = pk_kernels_for(instructionSet.code),
            let plain = table.pointee.few_rows_plain,
            let compact = table.pointee.few_rows_compact
        else { return nil }
        self.plain = plain
        self.compact = compact
    }

    /// out [rows, columns] = source [rows, depth] · weights.
    func multiply(
        _ source: Rows, rows: Int, by weights: FewRowsWeights, depthBlock: Int, into out: Rows
    ) {
        precondition(rows <= min(Self.rowsMax, source.count, out.count) && source.isDense)
        for run in weights.runs {
            let (kernel, format, paddedDepth) =
                switch run.content {
                case .compact(let format): (compact, format.code, 0)
                case .plain(let paddedDepth): (plain, PK_PLAIN, paddedDepth)
                }
            var arguments = pk_few_rows(
                source: source.address.assumingMemoryBound(to: UInt16.self),
                weights: run.address, out: out.floats(0) + run.columns.lowerBound,
                out_stride: out.stride, rows: rows, depth: source.width,
                depth_block: depthBlock, columns: run.columns.count,
                format: format, padded_depth: paddedDepth)
            kernel(&arguments)
        }
    }
}

/// One panel's weights as products of few rows of bf16 read them.
struct FewRowsWeights {
    struct Run {
        enum Content {
            case compact(WeightFormat)
            case plain(paddedDepth: Int)
        }

        var columns: Range<Int>
        var content: Content
        var address: UnsafePointer<UInt8>
        var storage: AlignedBuffer
    }

    var runs: [Run]

    /// Bytes beside the panel itself.
    var byteCount: Int {
        runs.reduce(0) { sum, run in
            if case .compact = run.content { sum + run.storage.byteCount } else { sum }
        }
    }

    /// A panel as oneDNN packed it; nil if that is not the one layout that the kernels know.
    init?(panel: AlignedBuffer, layout: dnnl_memory_desc_t, columns: Int) {
        var layout = layout
        var paddedDepth: Int64 = 0
        guard penstock_dnnl_lies_in_pairs(&layout, &paddedDepth) != 0 else { return nil }
        runs = [
            Run(
                columns: 0..<columns, content: .plain(paddedDepth: Int(paddedDepth)),
                address: UnsafePointer(panel.pointer(to: UInt8.self)), storage: panel)
        ]
    }

    /// Rearranges the blocks of a checkpoint.
    ///
    /// - Parameters:
    ///   - formats: of runs of columns, in their order.
    ///   - memory: where they lie.
    ///   - read: writes the blocks of some columns, one column after the other.
    init(
        formats: [(columns: Range<Int>, format: WeightFormat)], depth: Int, memory: WeightMemory,
        read: (Range<Int>, UnsafeMutableRawBufferPointer) throws -> Void
    ) rethrows {
        runs = try formats.map { columns, format in
            let storage = try compactUnits(
                columns, format, order: PK_FOR_BF16, depth: depth, memory: memory, read: read)
            return Run(
                columns: columns, content: .compact(format),
                address: UnsafePointer(storage.pointer(to: UInt8.self)), storage: storage)
        }
    }
}
