import Checkpoints

extension DecoderConfiguration {
    init(_ metadata: GGUFMetadata, _ checkpoint: Checkpoint) throws(CheckpointError) {
        let name = try metadata.string("general.architecture")
        guard name == "llama" else {
            throw metadata.error(
                "general.architecture", .unsupported(expected: "llama", found: name))
        }
        func key(_ suffix: String) -> String { "\(name).\(suffix)" }

        if try metadata.unsignedIntegerIfPresent(key("expert_count")) ?? 0 > 0 {
            throw metadata.error(
                key("expert_count"),
                .unsupported(expected: "a dense model", found: "a mixture of experts"))
        }
        let scaling = try metadata.stringIfPresent(key("rope.scaling.type")) ?? "none"
        guard scaling == "none" else {
            throw metadata.error(
                key("rope.scaling.type"), .unsupported(expected: "none", found: scaling))
        }
        architecture = name
        hiddenSize = try metadata.unsignedInteger(key("embedding_length"), in: Bounds.size)
        layerCount = try metadata.unsignedInteger(key("block_count"), in: Bounds.layers)
        headCount = try metadata.unsignedInteger(key("attention.head_count"), in: Bounds.heads)
        kvHeadCount =
            try metadata.unsignedIntegerIfPresent(key("attention.head_count_kv"), in: Bounds.heads)
            ?? headCount
        headSize =
            try metadata.unsignedIntegerIfPresent(key("attention.key_length"), in: Bounds.size)
            ?? hiddenSize / headCount
        feedForwardSize = try metadata.unsignedInteger(
            key("feed_forward_length"), in: Bounds.size)
        normEpsilon = Float(
            try metadata.number(
                key("attention.layer_norm_rms_epsilon"), in: Bounds.normEpsilon))
        contextLength = try metadata.unsignedInteger(key("context_length"), in: Bounds.context)
        let rotated = try metadata.unsignedIntegerIfPresent(key("rope.dimension_count"))
        guard rotated ?? headSize == headSize else {
            throw metadata.error(
                key("rope.dimension_count"),
                .unsupported(expected: "the head size, \(headSize)", found: "\(rotated ?? 0)"))
        }
        // Scaled frequencies come as a tensor of divisors, one for each frequency.
        var scale = RotaryEmbedding.Scaling.none
        if checkpoint.has("rope_freqs.weight") {
            let divisors = try checkpoint.vector(
                named: "rope_freqs.weight", count: headSize / 2
            ).values()
            guard divisors.allSatisfy({ Bounds.ropeFactor.contains(Double($0)) }) else {
                throw CheckpointError(
                    file: checkpoint.path, subject: "tensor rope_freqs.weight",
                    .malformed(
                        expected: "\(Bounds.ropeFactor.lowerBound) to "
                            + "\(Bounds.ropeFactor.upperBound)", found: "other numbers"))
            }
            scale = .divisors(divisors)
        }
        let theta = try metadata.numberIfPresent(key("rope.freq_base"), in: Bounds.ropeTheta)
        rope = RotaryEmbedding(theta: Float(theta ?? 10000), scaling: scale)
        vocabularySize = try checkpoint.tensor(named: "token_embd.weight").rows
        tiesEmbeddings = !checkpoint.has("output.weight")
    }
}
