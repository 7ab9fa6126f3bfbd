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

    /// Bytes of all linear layers' weights, the head included, once they are packed, and of the
    /// embedding, which stays in the checkpoint.
    ///
    /// - Parameters:
    ///   - type: how activations are stored.
    ///   - roundsLayers: whether all but the head are kept as 8-bit integers.
    package func packedByteCount(
        _ type: ComputeType, roundsLayers: Bool
    ) throws(CheckpointError) -> Int {
        var byteCount = Self.packedByteCount([try head().output], type)
        byteCount += try embedding().byteCount
        for index in 0..<configuration.layerCount {
            let layer = try layer(index)
            for parts in [
                [layer.query, layer.key, layer.value], [layer.attentionOutput],
                [layer.gate, layer.up], [layer.down],
            ] {
                let isRounded = roundsLayers && parts[0].columns <= Int8Matrix.depthMax
                byteCount +=
                    isRounded ? Self.roundedByteCount(parts) : Self.packedByteCount(parts, type)
            }
        }
        return byteCount
    }

    /// Of tensors that are one linear layer.
    private static func roundedByteCount(_ parts: [Tensor]) -> Int {
        parts.reduce(0) { $0 + Int8Matrix.byteCount(depth: $1.columns, columns: $1.rows) }
    }

    /// The same, of numbers of a type.
    private static func packedByteCount(_ parts: [Tensor], _ type: ComputeType) -> Int {
        let plain = parts.reduce(0) { $0 + $1.rows * $1.columns * type.byteCount }
        var blocks = 0
        for part in parts {
            guard let format = WeightFormat(part.elementType) else { return plain }
            blocks += format.packedByteCount(depth: part.columns, columns: part.rows)
        }
        // Many rows of bf16 want panels, too.
        return type == .bfloat16 ? plain + blocks : blocks
    }
}
