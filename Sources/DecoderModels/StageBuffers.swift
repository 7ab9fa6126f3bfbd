import Kernels

/// The activations that all workers of a stage share.
struct StageBuffers {
    /// f32 [rows][hidden], the residual stream.
    var residual: RowBuffer
    /// f32 [rows][2][headSize / 2], cosines and sines.
    var angles: RowBuffer
    /// For all KV heads one after the other, [rows][group · headSize].
    private var queryBuffer: RowBuffer
    /// [rows][heads · headSize]
    var attention: RowBuffer
    /// For each segment of a decode step's keys, what it gives to one KV head's queries.
    var attentionParts: RowBuffer
    private let kvHeads: Int
    private(set) var capacity = 0

    init(_ configuration: DecoderConfiguration, shape: HeadShape, type: ComputeType) {
        kvHeads = configuration.kvHeadCount
        residual = RowBuffer(rows: 0, width: configuration.hiddenSize, type: .float32)
        angles = RowBuffer(rows: 0, width: configuration.headSize, type: .float32)
        queryBuffer = RowBuffer(
            rows: 0, width: shape.group * shape.headSize, type: type)
        attention = RowBuffer(
            rows: 0, width: configuration.headCount * configuration.headSize, type: type)
        attentionParts = RowBuffer(
            rows: 0, width: shape.attentionPartCount(tokens: 1), type: .float32)
    }

    /// Makes room for so many rows and parts of decode steps.
    mutating func reserve(rows: Int, parts: Int) {
        attentionParts.reserve(rows: (parts + 63) / 64 * 64)
        guard rows > capacity else { return }
        capacity = rows
        residual.reserve(rows: rows)
        angles.reserve(rows: rows)
        queryBuffer.reserve(rows: rows * kvHeads)
        attention.reserve(rows: rows)
    }

    /// Bytes that each row of a microbatch needs.
    var rowByteCount: Int {
        residual.rowByteCount + angles.rowByteCount + kvHeads * queryBuffer.rowByteCount
            + attention.rowByteCount
    }

    /// Each KV head's queries, [rows][group · headSize].
    var queries: [Rows] {
        (0..<kvHeads).map { queryBuffer.rows.dropFirst($0 * capacity) }
    }
}

/// One worker's scratch memory, for a block of rows.
struct BlockBuffers {
    /// Normalised activations, [rows][hidden].
    let normed: RowBuffer
    /// f32 [rows][queries, keys, values]
    let qkv: RowBuffer
    /// [rows][feed forward]
    let activated: RowBuffer
    let attentionScratch: RowBuffer
    /// Rounded inputs of any product; without room where none is rounded.
    let rounded: Int8Rows

    init(
        _ configuration: DecoderConfiguration, type: ComputeType, rows: Int,
        attentionScratchCount: Int, roundsInputs: Bool
    ) {
        normed = RowBuffer(rows: rows, width: configuration.hiddenSize, type: type)
        qkv = RowBuffer(rows: rows, width: configuration.heads.qkvSize, type: .float32)
        activated = RowBuffer(rows: rows, width: configuration.feedForwardSize, type: type)
        attentionScratch = RowBuffer(rows: 1, width: attentionScratchCount, type: .float32)
        let widest = max(
            configuration.hiddenSize, configuration.headCount * configuration.headSize,
            configuration.feedForwardSize)
        rounded = Int8Rows(rows: roundsInputs ? rows : 0, widthMax: roundsInputs ? widest : 0)
    }

    var byteCount: Int {
        normed.byteCount + qkv.byteCount + activated.byteCount + attentionScratch.byteCount
            + rounded.byteCount
    }
}
