@testable import Kernels
@testable import PipelineTypes

// What the benchmarks know of the kernels' interface is in this file: operands as a stage has them,
// on one thread, for the best instruction set that this CPU has, in bf16.

private let kernels = layerKernels(cacheType: nil)

private func layerKernels(cacheType: KVCacheType?) -> LayerKernels {
    guard
        let kernels = LayerKernels(
            instructionSet: .best, type: .bfloat16, cacheType: cacheType)
    else {
        preconditionFailure("the best instruction set has no kernels")
    }
    return kernels
}

/// A linear layer, and rows of activations that it is applied to. Weights and activations are such
/// that output column c is depth · (1 + c mod 3) / 4 in every row.
final class LinearStand {
    private let pool = ThreadPool(threadCount: 1, cores: [], instructionSet: .best)
    private let weights: LinearWeights
    private let rowCount: Int
    private let activations: RowBuffer
    /// Where activations are rounded to if the weights are.
    private let rounded: Int8Rows
    /// The last row's last column.
    let expected: Float

    /// - Parameter isRounded: to 8 bits, weights and activations.
    init(depth: Int, columns: Int, rows: Int, isRounded: Bool) {
        weights =
            isRounded
            ? .int8(Self.roundedMatrix(depth: depth, columns: columns))
            : .plain(Self.matrix(depth: depth, columns: columns))
        activations = NormStand(width: depth, rows: rows, fill: { Self.sign($1) }).normalized
        rounded = Int8Rows(rows: isRounded ? rows : 0, widthMax: depth)
        rowCount = rows
        expected = Float(depth) * Self.share(columns - 1)
    }

    /// The columns of a panel, at most, as stages on one thread pack them.
    private static let panelWidth = 512

    private static func matrix(depth: Int, columns: Int) -> PackedMatrix {
        PackedMatrix(
            type: kernels.activationType, depth: depth, columns: columns,
            panelWidth: Self.panelWidth, fewRows: kernels.fewRows
        ) { range, weights in
            for (index, column) in range.enumerated() {
                for input in 0..<depth {
                    let weight = sign(input) * share(column)
                    switch weights {
                    case .bfloat16(let values):
                        // The lower half of such numbers is zero.
                        values[index * depth + input] = UInt16(weight.bitPattern >> 16)
                    case .float32(let values): values[index * depth + input] = weight
                    case .blocks: break
                    }
                }
            }
        }
    }

    private static func roundedMatrix(depth: Int, columns: Int) -> Int8Matrix {
        guard let kernels = Int8Kernels(instructionSet: .best) else {
            preconditionFailure("the best instruction set has no kernels")
        }
        return Int8Matrix(
            depth: depth, columns: columns, panelWidth: Self.panelWidth, kernels: kernels
        ) { range, weights in
            for (index, column) in range.enumerated() {
                for input in 0..<depth {
                    weights[index * depth + input] = sign(input) * share(column)
                }
            }
        }
    }

    private static func sign(_ index: Int) -> Float {
        (index * 0x9E37) >> 7 & 1 == 0 ? 1 : -1
    }

    private static func share(_ column: Int) -> Float {
        Float(1 + column % 3) / 4
    }

    func multiply() -> Float {
        var last: Float = 0
        pool.run { worker in
            let input = LinearInput(
                activations.rows, rows: rowCount, for: weights, memory: rounded)
            for panel in 0..<weights.panelCount {
                let product = worker.product(input, by: weights, panel: panel, rows: rowCount)
                last = product.withRow(rowCount - 1) { $0[product.width - 1] }
            }
        }
        return last
    }
}

/// Rows of the residual stream that are normalised, with weights of 1.
final class NormStand {
    private let residual: RowBuffer
    private let weight: [Float]
    private let out: RowBuffer

    init(width: Int, rows: Int, fill: (_ row: Int, _ column: Int) -> Float) {
        residual = floats(rows: rows, width: width, fill)
        weight = [Float](repeating: 1, count: width)
        out = RowBuffer(rows: rows, width: width, type: kernels.activationType)
        normalize()
    }

    var normalized: RowBuffer { out }

    @discardableResult
    func normalize() -> Float {
        kernels.normalize(
            residual.rows, rows: 0..<residual.rows.count, weight: weight, epsilon: 0,
            into: out.rows)
        return number(out.rows, row: out.rows.count - 1, column: out.rows.width - 1)
    }
}

/// Gates of `gate` and inputs of `up`, for the activation between two linear layers.
final class ActivationStand {
    private let gates: RowBuffer
    private let inputs: RowBuffer
    private let out: RowBuffer

    init(width: Int, rows: Int, gate: Float, up: Float) {
        gates = floats(rows: rows, width: width) { _, _ in gate }
        inputs = floats(rows: rows, width: width) { _, _ in up }
        out = RowBuffer(rows: rows, width: width, type: kernels.activationType)
    }

    func multiply() -> Float {
        kernels.siluMultiply(
            gate: gates.rows, up: inputs.rows, rows: out.rows.count, into: out.rows)
        return number(out.rows, row: out.rows.count - 1, column: out.rows.width - 1)
    }
}

/// Queries, keys and values of so many positions, to be rotated by nothing, and pages that keys and
/// values are stored in. Dimension d of every value is d mod 8.
final class RotationStand {
    let shape: HeadShape
    let layout: KVPageLayout
    let pages: AlignedBuffer
    private let qkv: RowBuffer
    private let angles: RowBuffer
    private let queryBuffer: RowBuffer
    fileprivate let kernels: LayerKernels

    /// - Parameter isRounded: keys and values to 8 bits.
    init(heads: Int, kvHeads: Int, headSize: Int, positions: Int, isRounded: Bool = false) {
        let kernels = layerKernels(cacheType: isRounded ? .int8 : nil)
        self.kernels = kernels
        let shape = HeadShape(heads: heads, kvHeads: kvHeads, headSize: headSize)
        self.shape = shape
        layout = KVPageLayout(heads: kvHeads, headSize: headSize, type: kernels.cacheType)
        pages = AlignedBuffer(byteCount: layout.byteCount(pages: Page.count(for: positions))!)
        let valuesBegin = (heads + kvHeads) * headSize
        qkv = floats(rows: positions, width: shape.qkvSize) { position, column in
            column < valuesBegin
                ? Float((position * 31 + column * 17) % 64) / 64 - 0.5
                : Float((column - valuesBegin) % headSize % 8)
        }
        angles = floats(rows: positions, width: headSize) { $1 < headSize / 2 ? 1 : 0 }
        queryBuffer = RowBuffer(
            rows: kvHeads * positions, width: shape.group * headSize, type: kernels.activationType)
    }

    /// Each KV head's queries, one after the other in memory.
    var queries: [Rows] {
        (0..<shape.kvHeads).map { queryBuffer.rows.dropFirst($0 * qkv.rows.count) }
    }

    /// The last position's last query before it is rotated, and after.
    @discardableResult
    func rotate() -> (before: Float, after: Float) {
        let queries = queries
        let count = qkv.rows.count
        for position in 0..<count {
            kernels.rotate(
                qkv: qkv.rows, row: position, angles: angles.rows, token: position,
                queries: queries, shape: shape,
                page: pages.pointer(to: UInt8.self)
                    + layout.offset(of: PageID(UInt32(position / Page.size)), head: 0),
                headStride: layout.headStride, slot: position % Page.size)
        }
        let last = queries[shape.kvHeads - 1]
        let before = qkv.rows.withRow(count - 1) { $0[shape.heads * shape.headSize - 1] }
        return (before, number(last, row: count - 1, column: last.width - 1))
    }
}

/// One KV head's keys and values after so many positions, and the queries of the tokens that
/// follow: `group` rows a token.
final class AttentionStand {
    private let rotation: RotationStand
    private let out: RowBuffer
    private let scratch: RowBuffer
    /// A row for each segment of the keys.
    private let parts: RowBuffer
    private let pageTable: [PageID]
    private let position: Int

    /// - Parameter isRounded: keys and values to 8 bits.
    init(headSize: Int, group: Int, tokens: Int, after position: Int, isRounded: Bool = false) {
        rotation = RotationStand(
            heads: group, kvHeads: 1, headSize: headSize, positions: position + tokens,
            isRounded: isRounded)
        rotation.rotate()
        self.position = position
        out = RowBuffer(rows: tokens, width: group * headSize, type: kernels.activationType)
        let shape = rotation.shape
        scratch = RowBuffer(
            rows: 1, width: shape.attentionScratchCount(tokens: tokens), type: .float32)
        parts = RowBuffer(
            rows: AttentionRun.segmentCount(positions: position + tokens),
            width: shape.attentionPartCount(tokens: tokens), type: .float32)
        pageTable = (0..<Page.count(for: position + tokens)).map { PageID(UInt32($0)) }
    }

    /// The last token's last number, which is 7 as it is in all values.
    func attend() -> Float {
        rotation.kernels.attend(run, scratch: scratch.rows)
        return last
    }

    /// The same segment by segment, merged at the end.
    func attendAndMerge() -> Float {
        for segment in 0..<parts.rows.count {
            rotation.kernels.attend(run, segment: segment, parts: parts.rows)
        }
        rotation.kernels.mergeSegments(of: run, parts: parts.rows)
        return last
    }

    private var run: AttentionRun {
        AttentionRun(
            queries: rotation.queries[0].dropFirst(position), out: out.rows, firstToken: 0,
            tokens: out.rows.count, position: position, pageTable: pageTable,
            pages: rotation.pages.pointer(to: UInt8.self),
            groupStride: rotation.layout.groupStride, shape: rotation.shape)
    }

    private var last: Float {
        number(out.rows, row: out.rows.count - 1, column: out.rows.width - 1)
    }
}

/// A matrix of f32 numbers.
private func floats(
    rows: Int, width: Int, _ value: (_ row: Int, _ column: Int) -> Float
) -> RowBuffer {
    let buffer = RowBuffer(rows: rows, width: width, type: .float32)
    for row in 0..<rows {
        buffer.rows.withRow(row) { numbers in
            for column in 0..<width { numbers[column] = value(row, column) }
        }
    }
    return buffer
}

/// One number of a matrix of either type.
private func number(_ matrix: Rows, row: Int, column: Int) -> Float {
    let address = matrix[row] + column * matrix.type.byteCount
    return switch matrix.type {
    case .bfloat16: Float(bitPattern: UInt32(address.load(as: UInt16.self)) << 16)
    case .float32: address.load(as: Float.self)
    }
}
