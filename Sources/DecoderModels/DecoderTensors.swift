package import Checkpoints

/// The tensors that a model needs, found by their names and checked to have its shapes; none of
/// their values is read.
package struct DecoderTensors: Sendable {
    struct Layer: Sendable {
        var attentionNorm: Tensor
        var query: Tensor
        var key: Tensor
        var value: Tensor
        var attentionOutput: Tensor
        var feedForwardNorm: Tensor
        var gate: Tensor
        var up: Tensor
        var down: Tensor

        var matrices: [Tensor] {
            [query, key, value, attentionOutput, gate, up, down]
        }
    }

    let configuration: DecoderConfiguration
    let names: TensorNames
    private let checkpoint: Checkpoint

    package init(_ checkpoint: Checkpoint, _ configuration: DecoderConfiguration) {
        self.checkpoint = checkpoint
        self.configuration = configuration
        names = TensorNames(checkpoint.contents)
    }

    /// Throws for the first tensor of the model that is missing or has another shape, and for one
    /// that would change what the model computes, but is not computed with.
    package func check() throws(CheckpointError) {
        _ = try embedding()
        for index in 0..<configuration.layerCount { _ = try layer(index) }
        _ = try head()
        var known: Set = [names.embedding, names.outputNorm, names.output, "rope_freqs.weight"]
        for index in 0..<configuration.layerCount {
            known.formUnion(names.ofLayer.map { names.layer(index) + $0 })
        }
        // What some checkpoints hold beside their settings says the same.
        let other = checkpoint.tensorNames.first {
            !known.contains($0) && !$0.hasSuffix("rotary_emb.inv_freq")
        }
        guard let other else { return }
        throw CheckpointError(
            file: checkpoint.path, subject: "tensor \(other)",
            .unsupported(
                expected: "only those of a Llama without biases", found: "another tensor"))
    }

    func embedding() throws(CheckpointError) -> Tensor {
        try checkpoint.matrix(
            named: names.embedding, rows: configuration.vocabularySize,
            columns: configuration.hiddenSize)
    }

    func head() throws(CheckpointError) -> (norm: Tensor, output: Tensor) {
        let name = configuration.tiesEmbeddings ? names.embedding : names.output
        return (
            try checkpoint.vector(named: names.outputNorm, count: configuration.hiddenSize),
            try checkpoint.matrix(
                named: name, rows: configuration.vocabularySize,
                columns: configuration.hiddenSize)
        )
    }

    func layer(_ index: Int) throws(CheckpointError) -> Layer {
        let prefix = names.layer(index)
        let hidden = configuration.hiddenSize
        let heads = configuration.headCount * configuration.headSize
        let kvHeads = configuration.kvHeadCount * configuration.headSize
        let inner = configuration.feedForwardSize
        func vector(_ name: String) throws(CheckpointError) -> Tensor {
            try checkpoint.vector(named: prefix + name, count: hidden)
        }
        func matrix(_ name: String, rows: Int, columns: Int) throws(CheckpointError) -> Tensor {
            try checkpoint.matrix(named: prefix + name, rows: rows, columns: columns)
        }
        return Layer(
            attentionNorm: try vector(names.attentionNorm),
            query: try matrix(names.query, rows: heads, columns: hidden),
            key: try matrix(names.key, rows: kvHeads, columns: hidden),
            value: try matrix(names.value, rows: kvHeads, columns: hidden),
            attentionOutput: try matrix(names.attentionOutput, rows: hidden, columns: heads),
            feedForwardNorm: try vector(names.feedForwardNorm),
            gate: try matrix(names.gate, rows: inner, columns: hidden),
            up: try matrix(names.up, rows: inner, columns: hidden),
            down: try matrix(names.down, rows: hidden, columns: inner))
    }
}
