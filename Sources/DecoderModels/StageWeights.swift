package import Checkpoints
package import Kernels

/// The weights of one stage: its layers, the embedding if it is the first, the output head if it
/// is the last. Nothing else of the checkpoint is read.
package struct StageWeights: Sendable {
    struct Layer: Sendable {
        var attentionNorm: [Float]
        /// [hidden] → queries, keys, values
        var qkv: PackedMatrix
        var attentionOutput: PackedMatrix
        var feedForwardNorm: [Float]
        /// [hidden] → panels of gate columns with their up columns beside them
        var gateUp: PackedMatrix
        /// Gate columns of a panel, followed by as many up columns; the last panel may have fewer.
        var gateWidth: Int
        var down: PackedMatrix
    }

    struct Head: Sendable {
        var norm: [Float]
        /// [hidden] → vocabulary
        var output: PackedMatrix
    }

    /// Token rows, read from the checkpoint as they are needed.
    let embedding: Tensor?
    let layers: [Layer]
    let head: Head?

    /// Loads and packs one stage's weights.
    ///
    /// - Parameters:
    ///   - type: how packed weights are stored.
    ///   - progress: called with the share done, 0 to 1.
    package init(
        _ checkpoint: Checkpoint, _ configuration: DecoderConfiguration, layers: Range<Int>,
        type: ComputeType, threadCount: Int, progress: (Double) -> Void
    ) throws {
        let names = TensorNames(checkpoint.contents)
        let loader = WeightLoader(
            checkpoint: checkpoint, configuration: configuration, names: names, type: type,
            widths: PanelWidths(threadCount: threadCount))
        let isFirst = layers.lowerBound == 0
        let isLast = layers.upperBound == configuration.layerCount
        embedding = isFirst ? try loader.embedding() : nil
        // The head of a small model weighs as much as many layers: count it by its size.
        let headUnits = isLast ? loader.headSizeInLayers : 0
        let units = Double(layers.count) + headUnits
        var loaded: [Layer] = []
        for index in layers {
            loaded.append(try loader.layer(index))
            progress(Double(loaded.count) / units)
        }
        self.layers = loaded
        head = isLast ? try loader.head() : nil
        progress(1)
    }

    /// Bytes of packed weights.
    package var byteCount: Int {
        let perLayer = layers.map { layer in
            layer.qkv.byteCount + layer.attentionOutput.byteCount + layer.gateUp.byteCount
                + layer.down.byteCount
        }
        return perLayer.reduce(0, +) + (head?.output.byteCount ?? 0)
    }
}

/// Reads and packs the weights of single layers.
struct WeightLoader {
    let checkpoint: Checkpoint
    let configuration: DecoderConfiguration
    let names: TensorNames
    let type: ComputeType
    let widths: PanelWidths

    var headSizeInLayers: Double {
        let hidden = Double(configuration.hiddenSize)
        let perLayer =
            hidden
            * Double(
                configuration.qkvSize + configuration.headCount * configuration.headSize
                    + 3 * configuration.feedForwardSize)
        return hidden * Double(configuration.vocabularySize) / perLayer
    }

    func embedding() throws(CheckpointError) -> Tensor {
        try checkpoint.matrix(
            named: names.embedding, rows: configuration.vocabularySize,
            columns: configuration.hiddenSize)
    }

    func head() throws -> StageWeights.Head {
        let name = configuration.tiesEmbeddings ? names.embedding : names.output
        let output = try checkpoint.matrix(
            named: name, rows: configuration.vocabularySize, columns: configuration.hiddenSize)
        return StageWeights.Head(
            norm: try checkpoint.values(named: names.outputNorm, count: configuration.hiddenSize),
            output: try pack([RowSource(output)]))
    }

    func layer(_ index: Int) throws -> StageWeights.Layer {
        let prefix = names.layer(index)
        let hidden = configuration.hiddenSize
        let heads = configuration.headCount * configuration.headSize
        let kvHeads = configuration.kvHeadCount * configuration.headSize
        let interleaved = names.interleavesHeads ? configuration.headSize : nil
        func matrix(_ name: String, rows: Int, columns: Int) throws(CheckpointError) -> Tensor {
            try checkpoint.matrix(named: prefix + name, rows: rows, columns: columns)
        }
        let width = widths.gateWidth(feedForwardSize: configuration.feedForwardSize)
        return StageWeights.Layer(
            attentionNorm: try checkpoint.values(
                named: prefix + names.attentionNorm, count: hidden),
            qkv: try pack([
                RowSource(
                    try matrix(names.query, rows: heads, columns: hidden),
                    interleavedHeadSize: interleaved),
                RowSource(
                    try matrix(names.key, rows: kvHeads, columns: hidden),
                    interleavedHeadSize: interleaved),
                RowSource(try matrix(names.value, rows: kvHeads, columns: hidden)),
            ]),
            attentionOutput: try pack([
                RowSource(try matrix(names.attentionOutput, rows: hidden, columns: heads))
            ]),
            feedForwardNorm: try checkpoint.values(
                named: prefix + names.feedForwardNorm, count: hidden),
            gateUp: try packGateUp(
                gate: try matrix(
                    names.gate, rows: configuration.feedForwardSize, columns: hidden),
                up: try matrix(names.up, rows: configuration.feedForwardSize, columns: hidden),
                width: width),
            gateWidth: width,
            down: try pack([
                RowSource(
                    try matrix(names.down, rows: hidden, columns: configuration.feedForwardSize))
            ]))
    }

    private func pack(_ sources: [RowSource]) throws -> PackedMatrix {
        let columns = sources.reduce(0) { $0 + $1.rows.count }
        return try PackedMatrix(sources, type: type, panelWidth: widths.width(columns: columns))
    }

    /// Gate rows and the up rows that they multiply go into the same panel, so that one worker can
    /// finish them without waiting for another.
    private func packGateUp(gate: Tensor, up: Tensor, width: Int) throws -> PackedMatrix {
        var sources: [RowSource] = []
        for first in stride(from: 0, to: gate.rows, by: width) {
            let rows = first..<min(first + width, gate.rows)
            sources.append(RowSource(gate, rows: rows))
            sources.append(RowSource(up, rows: rows))
        }
        return try PackedMatrix(sources, type: type, panelWidth: 2 * width)
    }
}
