import Checkpoints

extension DecoderConfiguration {
    init(_ config: JSONSettings) throws(CheckpointError) {
        let name = try config.string("model_type")
        guard name == "llama" else {
            throw config.error("model_type", .unsupported(expected: "llama", found: name))
        }
        for key in ["attention_bias", "mlp_bias"] where try config.booleanIfPresent(key) ?? false {
            throw config.error(key, .unsupported(expected: "false", found: "true"))
        }
        let activation = try config.stringIfPresent("hidden_act") ?? "silu"
        guard activation == "silu" else {
            throw config.error("hidden_act", .unsupported(expected: "silu", found: activation))
        }
        architecture = name
        vocabularySize = try config.unsignedInteger("vocab_size", in: Bounds.vocabulary)
        hiddenSize = try config.unsignedInteger("hidden_size", in: Bounds.size)
        layerCount = try config.unsignedInteger("num_hidden_layers", in: Bounds.layers)
        headCount = try config.unsignedInteger("num_attention_heads", in: Bounds.heads)
        kvHeadCount =
            try config.unsignedIntegerIfPresent("num_key_value_heads", in: Bounds.heads)
            ?? headCount
        headSize =
            try config.unsignedIntegerIfPresent("head_dim", in: Bounds.size)
            ?? hiddenSize / headCount
        feedForwardSize = try config.unsignedInteger("intermediate_size", in: Bounds.size)
        normEpsilon = Float(
            try config.numberIfPresent("rms_norm_eps", in: Bounds.normEpsilon) ?? 1e-6)
        contextLength = try config.unsignedInteger("max_position_embeddings", in: Bounds.context)
        tiesEmbeddings = try config.booleanIfPresent("tie_word_embeddings") ?? false
        rope = try RotaryEmbedding(config)
    }
}

extension RotaryEmbedding {
    /// Reads both spellings: `rope_theta` with `rope_scaling`, and `rope_parameters`.
    init(_ config: JSONSettings) throws(CheckpointError) {
        let parameters = try config.objectIfPresent("rope_parameters")
        let separate = try config.objectIfPresent("rope_scaling")
        typealias Bounds = DecoderConfiguration.Bounds
        let separateTheta = try config.numberIfPresent("rope_theta", in: Bounds.ropeTheta)
        let theta =
            try parameters?.numberIfPresent("rope_theta", in: Bounds.ropeTheta)
            ?? separateTheta ?? 10000
        let scaling = parameters ?? separate
        let oldKind = try scaling?.stringIfPresent("type") ?? "default"
        let kind = try scaling?.stringIfPresent("rope_type") ?? oldKind
        switch (kind, scaling) {
        case ("llama3", let scaling?):
            let low = try scaling.number("low_freq_factor", in: Bounds.ropeFactor)
            let high = try scaling.number("high_freq_factor", in: Bounds.ropeFactor)
            guard low < high else {
                throw scaling.error(
                    "high_freq_factor",
                    .malformed(expected: "above low_freq_factor, \(low)", found: "\(high)"))
            }
            self.init(
                theta: Float(theta),
                scaling: .llama3(
                    factor: Float(try scaling.number("factor", in: Bounds.ropeFactor)),
                    lowFrequencyFactor: Float(low), highFrequencyFactor: Float(high),
                    originalContextLength: Float(
                        try scaling.unsignedInteger(
                            "original_max_position_embeddings", in: Bounds.context))))
        case ("default", _):
            self.init(theta: Float(theta), scaling: .none)
        default:
            throw config.error(
                "rope_scaling", .unsupported(expected: "default or llama3", found: kind))
        }
    }
}
