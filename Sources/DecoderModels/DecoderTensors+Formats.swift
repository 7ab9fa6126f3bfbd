package import Checkpoints
package import Kernels

extension DecoderTensors {
    /// How the checkpoint stores the weights of each kind of linear layer; nil for plain numbers.
    package struct Formats: Sendable {
        package var qkv: WeightFormat?
        package var attentionOutput: WeightFormat?
        package var gateUp: WeightFormat?
        package var down: WeightFormat?
        package var head: WeightFormat?

        package init(
            qkv: WeightFormat?, attentionOutput: WeightFormat?, gateUp: WeightFormat?,
            down: WeightFormat?, head: WeightFormat?
        ) {
            self.qkv = qkv
            self.attentionOutput = attentionOutput
            self.gateUp = gateUp
            self.down = down
            self.head = head
        }
    }

    /// The formats of the first layer, of the first of several tensors that are one linear layer,
    /// and of the head.
    package func formats() throws(CheckpointError) -> Formats {
        let layer = try layer(0)
        return Formats(
            qkv: WeightFormat(layer.query.elementType),
            attentionOutput: WeightFormat(layer.attentionOutput.elementType),
            gateUp: WeightFormat(layer.gate.elementType),
            down: WeightFormat(layer.down.elementType),
            head: WeightFormat(try head().output.elementType))
    }

    /// Bytes of the head and the linear layers, or of the head alone, that the checkpoint stores
    /// quantised: what products of few rows keep beside the panels.
    package func quantizedByteCount(ofHeadAlone: Bool = false) throws(CheckpointError) -> Int {
        var tensors = [try head().output]
        for index in 0..<(ofHeadAlone ? 0 : configuration.layerCount) {
            let layer = try layer(index)
            tensors += [
                layer.query, layer.key, layer.value, layer.attentionOutput, layer.gate, layer.up,
                layer.down,
            ]
        }
        return tensors.reduce(0) { sum, tensor in
            WeightFormat(tensor.elementType) == nil ? sum : sum + tensor.byteCount
        }
    }
}
