internal import CKernels

/// One panel's weights as products of f32 read them, for any number of rows: in the checkpoint's
/// blocks where it has them, else in plain numbers.
struct FloatWeights {
    private struct Run {
        var columns: Range<Int>
        /// nil: plain numbers.
        var format: WeightFormat?
        var storage: AlignedBuffer
    }

    private let runs: [Run]

    var byteCount: Int {
        runs.reduce(0) { $0 + $1.storage.byteCount }
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
                columns, format, order: PK_FOR_F32, depth: depth, memory: memory, read: read)
            return Run(columns: columns, format: format, storage: storage)
        }
    }

    /// Rearranges numbers, [columns][depth].
    init(_ numbers: UnsafePointer<Float>, depth: Int, columns: Int, memory: WeightMemory) {
        let width = Int(PK_UNIT_COLUMNS)
        let units = (columns + width - 1) / width
        let storage = memory.buffer(
            byteCount: units * width * depth * ComputeType.float32.byteCount)
        let target = storage.pointer(to: Float.self)
        for column in 0..<units * width {
            let to = target + column / width * width * depth + column % width
            for i in 0..<depth {
                to[i * width] = column < columns ? numbers[column * depth + i] : 0
            }
        }
        runs = [Run(columns: 0..<columns, format: nil, storage: storage)]
    }

    /// out [rows, columns] = source [rows, depth] · weights.
    func multiply(_ source: Rows, rows: Int, with kernel: FloatProduct, into out: Rows) {
        precondition(rows <= min(source.count, out.count) && source.isDense)
        for run in runs {
            var arguments = pk_f32_product(
                source: source.floats(0),
                weights: UnsafePointer(run.storage.pointer(to: UInt8.self)),
                format: run.format?.code ?? PK_PLAIN,
                out: out.floats(0) + run.columns.lowerBound, out_stride: out.stride, rows: rows,
                depth: source.width, columns: run.columns.count)
            kernel.run(&arguments)
        }
    }
}

/// The product of f32 of one instruction set.
///
/// Sendable: points to code.
struct FloatProduct: @unchecked Sendable {
    let run: @convention(c) (UnsafePointer<pk_f32_product>?) -> Void

    init(_ instructionSet: InstructionSet) {
        guard let run = pk_kernels_for(instructionSet.code)?.pointee.f32_product else {
            preconditionFailure("this CPU has no \(instructionSet.rawValue)")
        }
        self.run = run
    }
}
