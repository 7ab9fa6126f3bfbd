import Checkpoints
import DecoderModels
import Kernels

/// The shapes of the model whose kernels are measured.
struct MeasuredModel {
    /// A linear layer, as a stage packs it.
    struct LinearLayer {
        var name: String
        var depth: Int
        var columns: Int
        var panelWidth: Int
        /// How the checkpoint stores its weights; nil for plain numbers.
        var format: WeightFormat?
        /// The head keeps its numbers as they are.
        var canBeRounded = true
    }

    let name: String
    let hiddenSize: Int
    let heads: HeadShape
    let feedForwardSize: Int
    let vocabularySize: Int
    let formats: DecoderTensors.Formats

    /// SmolLM2-135M, with all weights in one common format.
    static let builtIn = MeasuredModel(
        name: "SmolLM2-135M's shapes", hiddenSize: 576,
        heads: HeadShape(heads: 9, kvHeads: 3, headSize: 64), feedForwardSize: 1536,
        vocabularySize: 49152,
        formats: DecoderTensors.Formats(
            qkv: .q4_1, attentionOutput: .q4_1, gateUp: .q4_1, down: .q4_1, head: .q4_1))

    func linearLayers(threadCount: Int) -> [LinearLayer] {
        let widths = PanelWidths(threadCount: threadCount)
        func layer(
            _ name: String, _ depth: Int, _ columns: Int, _ format: WeightFormat?
        ) -> LinearLayer {
            LinearLayer(
                name: name, depth: depth, columns: columns,
                panelWidth: widths.width(columns: columns), format: format)
        }
        var gateUp = layer("gate and up", hiddenSize, 2 * feedForwardSize, formats.gateUp)
        gateUp.panelWidth = 2 * widths.gateWidth(feedForwardSize: feedForwardSize)
        var head = layer("head", hiddenSize, vocabularySize, formats.head)
        head.canBeRounded = false
        return [
            layer("QKV", hiddenSize, heads.qkvSize, formats.qkv),
            layer(
                "attention output", heads.heads * heads.headSize, hiddenSize,
                formats.attentionOutput),
            gateUp,
            layer("down", feedForwardSize, hiddenSize, formats.down),
            head,
        ]
    }

    /// Head sizes and groups for which attention is measured: common ones, and the model's own.
    var attentionShapes: [(headSize: Int, group: Int)] {
        let common = [
            (headSize: 64, group: 3), (headSize: 128, group: 4), (headSize: 256, group: 4),
        ]
        let own = (headSize: heads.headSize, group: heads.group)
        return (common.filter { $0.headSize != own.headSize } + [own])
            .sorted { $0.headSize < $1.headSize }
    }
}

extension MeasuredModel {
    init(path: String) throws {
        let checkpoint = try Checkpoint.open(path: path)
        let model = try DecoderConfiguration(checkpoint)
        let tensors = DecoderTensors(checkpoint, model)
        try tensors.check()
        self.init(
            name: path, hiddenSize: model.hiddenSize,
            heads: model.heads, feedForwardSize: model.feedForwardSize,
            vocabularySize: model.vocabularySize,
            formats: try tensors.formats())
    }
}
