package import Checkpoints
package import Kernels

/// The weights of one stage: its layers, the embedding if it is the first, the output head if it
/// is the last. Nothing else of the checkpoint is read.
package struct StageWeights: Sendable {
    struct Layer: Sendable {
        var attentionNorm: [Float]
        /// [hidden] → queries, keys, values
        var qkv: LinearWeights
        var attentionOutput: LinearWeights
        var feedForwardNorm: [Float]
        /// [hidden] → panels of gate columns with their up columns beside them
        var gateUp: LinearWeights
        /// Gate columns of a panel, followed by as many up columns; the last panel may have fewer.
        var gateWidth: Int
        var down: LinearWeights
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
    ///   - kernels: what will compute with them.
    ///   - int8: rounds the layers' weights to 8 bits for these kernels; nil does not.
    ///   - progress: called with the share done, 0 to 1.
    package init(
        _ checkpoint: Checkpoint, _ configuration: DecoderConfiguration, layers: Range<Int>,
        kernels: LayerKernels, int8: Int8Kernels? = nil, threadCount: Int,
        progress: (Double) -> Void
    ) throws {
        let tensors = DecoderTensors(checkpoint, configuration)
        let loader = WeightLoader(
            tensors: tensors, kernels: kernels, int8: int8,
            widths: PanelWidths(
                threadCount: threadCount, unit: int8 == nil ? nil : Int8Matrix.columnUnit))
        let isFirst = layers.lowerBound == 0
        let isLast = layers.upperBound == configuration.layerCount
        embedding = isFirst ? try tensors.embedding() : nil
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

    private var linearWeights: [LinearWeights] {
        layers.flatMap { [$0.qkv, $0.attentionOutput, $0.gateUp, $0.down] }
    }

    /// Bytes of packed weights, and of the embedding, which stays in the checkpoint.
    package var byteCount: Int {
        let others = (head?.output.byteCount ?? 0) + (embedding?.byteCount ?? 0)
        return linearWeights.reduce(others) { $0 + $1.byteCount }
    }

    /// Those of all layers and the head whose numbers are not rounded.
    var plainMatrices: [PackedMatrix] {
        linearWeights.compactMap { if case .plain(let matrix) = $0 { matrix } else { nil } }
            + (head.map { [$0.output] } ?? [])
    }

    /// Whether any product takes rounded rows.
    var roundsInputs: Bool {
        linearWeights.contains { if case .int8 = $0 { true } else { false } }
    }
}

/// Reads and packs the weights of single layers.
struct WeightLoader {
    let tensors: DecoderTensors
    let kernels: LayerKernels
    let int8: Int8Kernels?
    let widths: PanelWidths
    private let memory = WeightMemory()

    private var configuration: DecoderConfiguration { tensors.configuration }

    var headSizeInLayers: Double {
        let hidden = Double(configuration.hiddenSize)
        let perLayer =
            hidden
            * Double(
                configuration.heads.qkvSize + configuration.headCount * configuration.headSize
                    + 3 * configuration.feedForwardSize)
        return hidden * Double(configuration.vocabularySize) / perLayer
    }

    func head() throws -> StageWeights.Head {
        let head = try tensors.head()
        defer { head.output.evict() }
        let output = [RowSource(head.output)]
        return StageWeights.Head(
            norm: try head.norm.values(),
            output: try packPlain(output, panelWidth: panelWidth(output)))
    }

    func layer(_ index: Int) throws -> StageWeights.Layer {
        let layer = try tensors.layer(index)
        defer { layer.matrices.forEach { $0.evict() } }
        let interleaved = tensors.names.interleavesHeads ? configuration.headSize : nil
        let width = widths.gateWidth(feedForwardSize: configuration.feedForwardSize)
        return StageWeights.Layer(
            attentionNorm: try layer.attentionNorm.values(),
            qkv: try pack([
                RowSource(layer.query, interleavedHeadSize: interleaved),
                RowSource(layer.key, interleavedHeadSize: interleaved),
                RowSource(layer.value),
            ]),
            attentionOutput: try pack([RowSource(layer.attentionOutput)]),
            feedForwardNorm: try layer.feedForwardNorm.values(),
            gateUp: try packGateUp(gate: layer.gate, up: layer.up, width: width),
            gateWidth: width,
            down: try pack([RowSource(layer.down)]))
    }

    private func pack(_ sources: [RowSource]) throws -> LinearWeights {
        try pack(sources, panelWidth: panelWidth(sources))
    }

    private func pack(_ sources: [RowSource], panelWidth: Int) throws -> LinearWeights {
        guard let int8, sources[0].tensor.columns <= Int8Matrix.depthMax else {
            return .plain(try packPlain(sources, panelWidth: panelWidth))
        }
        return .int8(
            try Int8Matrix(sources, panelWidth: panelWidth, kernels: int8, memory: memory))
    }

    private func packPlain(_ sources: [RowSource], panelWidth: Int) throws -> PackedMatrix {
        try PackedMatrix(
            sources, type: kernels.activationType, panelWidth: panelWidth,
            fewRows: kernels.fewRows, memory: memory)
    }

    private func panelWidth(_ sources: [RowSource]) -> Int {
        widths.width(columns: sources.reduce(0) { $0 + $1.rows.count })
    }

    /// Gate rows and the up rows that they multiply go into the same panel, so that one worker can
    /// finish them without waiting for another.
    private func packGateUp(gate: Tensor, up: Tensor, width: Int) throws -> LinearWeights {
        var sources: [RowSource] = []
        for first in stride(from: 0, to: gate.rows, by: width) {
            let rows = first..<min(first + width, gate.rows)
            sources.append(RowSource(gate, rows: rows))
            sources.append(RowSource(up, rows: rows))
        }
        return try pack(sources, panelWidth: 2 * width)
    }
}
