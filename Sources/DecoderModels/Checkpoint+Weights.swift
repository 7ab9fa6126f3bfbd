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

    /// Writes rows `offset ..< offset + count` of this run to `plain`, `skipped` rows into it.
    func write(
        _ offset: Int, count: Int, to plain: PackedMatrix.PlainWeights, after skipped: Int
    ) throws(CheckpointError) {
        let first = rows.lowerBound + offset
        guard let headSize = interleavedHeadSize else {
            return try write(rows: first..<first + count, to: plain, after: skipped)
        }
        for i in 0..<count {
            let (head, row) = (first + i).quotientAndRemainder(dividingBy: headSize)
            let (half, pair) = row.quotientAndRemainder(dividingBy: headSize / 2)
            let stored = head * headSize + 2 * pair + half
            try write(rows: stored..<stored + 1, to: plain, after: skipped + i)
        }
    }

    private func write(
        rows: Range<Int>, to plain: PackedMatrix.PlainWeights, after skipped: Int
    ) throws(CheckpointError) {
        let columns = tensor.columns
        let part = skipped * columns..<(skipped + rows.count) * columns
        switch plain {
        case .bfloat16(let values):
            try tensor.dequantize(rows: rows, into: values.extracting(part))
        case .float32(let values):
            try tensor.dequantize(rows: rows, into: values.extracting(part))
        }
    }
}

extension PackedMatrix {
    /// Packs the rows of several sources, one after the other.
    convenience init(_ sources: [RowSource], type: ComputeType, panelWidth: Int) throws {
        try self.init(
            type: type, depth: sources[0].tensor.columns,
            columns: sources.reduce(0) { $0 + $1.rows.count }, panelWidth: panelWidth
        ) { rows, plain in
            var sourceStart = 0
            for source in sources {
                let range = rows.clamped(to: sourceStart..<sourceStart + source.rows.count)
                if !range.isEmpty {
                    try source.write(
                        range.lowerBound - sourceStart, count: range.count, to: plain,
                        after: range.lowerBound - rows.lowerBound)
                }
                sourceStart += source.rows.count
            }
        }
    }
}
