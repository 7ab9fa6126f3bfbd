import Checkpoints
import Kernels

extension Checkpoint {
    /// A tensor of `count` values.
    func vector(named name: String, count: Int) throws(CheckpointError) -> Tensor {
        let tensor = try self.tensor(named: name)
        guard tensor.rows * tensor.columns == count else {
            throw misshapen(tensor, expected: "\(count) values")
        }
        return tensor
    }

    /// A weight [rows, columns], checked to have this shape.
    func matrix(named name: String, rows: Int, columns: Int) throws(CheckpointError) -> Tensor {
        let tensor = try self.tensor(named: name)
        guard tensor.shape == [rows, columns] else {
            throw misshapen(tensor, expected: "\(rows) x \(columns)")
        }
        return tensor
    }

    private func misshapen(_ tensor: Tensor, expected: String) -> CheckpointError {
        let found = tensor.shape.map(String.init).joined(separator: " x ")
        return CheckpointError(
            file: path, subject: "tensor \(tensor.name)",
            .malformed(expected: expected, found: found))
    }
}

/// A run of a fused matrix's rows: `rows` of one tensor.
struct RowSource {
    var tensor: Tensor
    var rows: Range<Int>
    /// GGUF stores a Llama head's query and key rows with the halves interleaved, for rotations of
    /// neighbours; with a head size here the halves are put back, for rotations of halves.
    var interleavedHeadSize: Int?

    init(_ tensor: Tensor, rows: Range<Int>? = nil, interleavedHeadSize: Int? = nil) {
        self.tensor = tensor
        self.rows = rows ?? 0..<tensor.rows
        self.interleavedHeadSize = interleavedHeadSize
    }

    /// Writes rows `offset ..< offset + count` of this run to `memory`, `skipped` rows into it.
    func write(
        _ offset: Int, count: Int, to memory: PackedMatrix.UnpackedWeights, after skipped: Int
    ) throws(CheckpointError) {
        let first = rows.lowerBound + offset
        guard let headSize = interleavedHeadSize else {
            return try write(rows: first..<first + count, to: memory, after: skipped)
        }
        for i in 0..<count {
            let (head, row) = (first + i).quotientAndRemainder(dividingBy: headSize)
            let (half, pair) = row.quotientAndRemainder(dividingBy: headSize / 2)
            let stored = head * headSize + 2 * pair + half
            try write(rows: stored..<stored + 1, to: memory, after: skipped + i)
        }
    }

    private func write(
        rows: Range<Int>, to memory: PackedMatrix.UnpackedWeights, after skipped: Int
    ) throws(CheckpointError) {
        let columns = tensor.columns
        let part = skipped * columns..<(skipped + rows.count) * columns
        switch memory {
        case .bfloat16(let values):
            try tensor.dequantize(rows: rows, into: values.extracting(part))
        case .float32(let values):
            try tensor.dequantize(rows: rows, into: values.extracting(part))
        case .blocks(let bytes):
            try tensor.copyBlocks(rows: rows, into: bytes, after: skipped)
        }
    }
}

extension PackedMatrix {
    /// Packs the rows of several sources, one after the other.
    convenience init(
        _ sources: [RowSource], type: ComputeType, panelWidth: Int, fewRows: FewRowsKernels?,
        memory: WeightMemory
    ) throws {
        let fused = FusedSources(sources)
        try self.init(
            type: type, depth: sources[0].tensor.columns, columns: fused.rowCount,
            panelWidth: panelWidth, fewRows: fewRows, memory: memory,
            formats: { fused.formats(rows: $0) },
            fill: { rows, memory in try fused.write(rows, to: memory) })
    }
}

extension Int8Matrix {
    /// Rounds and packs the rows of several sources, one after the other.
    convenience init(
        _ sources: [RowSource], panelWidth: Int, kernels: Int8Kernels, memory: WeightMemory
    ) throws {
        let fused = FusedSources(sources)
        try self.init(
            depth: sources[0].tensor.columns, columns: fused.rowCount, panelWidth: panelWidth,
            kernels: kernels, memory: memory,
            fill: { rows, numbers in try fused.write(rows, to: .float32(numbers)) })
    }
}

/// Several sources, one after the other.
private struct FusedSources {
    private let parts: [(source: RowSource, rows: Range<Int>)]

    init(_ sources: [RowSource]) {
        var parts: [(source: RowSource, rows: Range<Int>)] = []
        for source in sources {
            let first = parts.last?.rows.upperBound ?? 0
            parts.append((source, first..<first + source.rows.count))
        }
        self.parts = parts
    }

    var rowCount: Int {
        parts.last?.rows.upperBound ?? 0
    }

    func write(_ rows: Range<Int>, to memory: PackedMatrix.UnpackedWeights) throws {
        for part in parts {
            let range = rows.clamped(to: part.rows)
            guard !range.isEmpty else { continue }
            try part.source.write(
                range.lowerBound - part.rows.lowerBound, count: range.count, to: memory,
                after: range.lowerBound - rows.lowerBound)
        }
    }

    /// How the checkpoint stores some rows, in runs of one format; nil if any are plain numbers.
    func formats(rows: Range<Int>) -> [(columns: Range<Int>, format: WeightFormat)]? {
        var runs: [(columns: Range<Int>, format: WeightFormat)] = []
        for part in parts {
            let range = rows.clamped(to: part.rows)
            guard !range.isEmpty else { continue }
            guard let format = WeightFormat(part.source.tensor.elementType) else { return nil }
            if let last = runs.last, last.format == format {
                runs[runs.count - 1].columns = last.columns.lowerBound..<range.upperBound
            } else {
                runs.append((range, format))
            }
        }
        return runs
    }
}

extension WeightFormat {
    /// nil for plain numbers.
    init?(_ type: ElementType) {
        switch type {
        case .f32, .f16, .bf16: return nil
        case .q4_0: self = .q4_0
        case .q4_1: self = .q4_1
        case .q5_0: self = .q5_0
        case .q5_1: self = .q5_1
        case .q8_0: self = .q8_0
        case .q4_K: self = .q4_K
        case .q5_K: self = .q5_K
        case .q6_K: self = .q6_K
        }
    }
}
