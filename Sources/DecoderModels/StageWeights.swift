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
    ///   - kernels: what will compute with them.
    ///   - progress: called with the share done, 0 to 1.
    package init(
        _ checkpoint: Checkpoint, _ configuration: DecoderConfiguration, layers: Range<Int>,
        kernels: LayerKernels, threadCount: Int, progress: (Double) -> Void
    ) throws {
        let tensors = DecoderTensors(checkpoint, configuration)
        let loader = WeightLoader(
            tensors: tensors, kernels: kernels, widths: PanelWidths(threadCount: threadCount))
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

    /// Of all layers and the head.
    var matrices: [PackedMatrix] {
        layers.flatMap { [$0.qkv, $0.attentionOutput, $0.gateUp, $0.down] }
            + (head.map { [$0.output] } ?? [])
    }

    /// Bytes of packed weights.
    package var byteCount: Int {
        matrices.reduce(0) { $0 + $1.byteCount }
    }
}

/// Reads and packs the weights of single layers.
struct WeightLoader {
    let tensors: DecoderTensors
    let kernels: LayerKernels
    let widths: PanelWidths
    private let memory = WeightMemory()

    private var configuration: DecoderConfiguration { tensors.configuration }

    var headSizeInLayers: Double {
        let hidden = Double(configuration.hiddenSize)
        let perLayer =
            hidden
            * Double(
                configuration.qkvSize + configuration.headCount * configuration.headSize
                    + 3 * configuration.feedForwardSize)
        return hidden * Double(configuration.vocabularySize) / perLayer
    }

    func head() throws -> StageWeights.Head {
        let head = try tensors.head()
        return StageWeights.Head(
            norm: try head.norm.values(), output: try pack([RowSource(head.output)]))
    }

    func layer(_ index: Int) throws -> StageWeights.Layer {
        let layer = try tensors.layer(index)
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

    private func pack(_ sources: [RowSource]) throws -> PackedMatrix {
        let columns = sources.reduce(0) { $0 + $1.rows.count }
        return try PackedMatrix(
            sources, type: kernels.activationType, panelWidth: widths.width(columns: columns),
            fewRows: kernels.fewRows, memory: memory)
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
        return try PackedMatrix(
            sources, type: kernels.activationType, panelWidth: 2 * width, fewRows: kernels.fewRows,
            memory: memory)
    }
}
