package import JSON

extension ModelShape {
    /// Reads a Hugging Face `config.json`, or the few of its numbers that are needed here.
    package init(name: String, configuration: JSONObject) throws(ConfigurationError) {
        let reader = ConfigurationReader(object: configuration)
        let type = try reader.text("model_type")
        guard let family = Family(rawValue: type) else {
            throw ConfigurationError(
                key: "model_type", problem: "must be one of \(Family.names), got '\(type)'")
        }
        let layerCount = try reader.integer("num_hidden_layers", max: 4096)
        let feedForwards: [FeedForwardShape]
        switch family {
        case .llama, .qwen3: feedForwards = try reader.denseLayers(layerCount)
        case .qwen3MoE: feedForwards = try reader.qwenLayers(layerCount)
        case .deepseekV3: feedForwards = try reader.deepseekLayers(layerCount)
        }
        self.init(
            name: name, architecture: type, hiddenSize: try reader.integer("hidden_size"),
            attention: family == .deepseekV3
                ? try reader.latentAttention() : try reader.groupedQueryAttention(),
            feedForwards: feedForwards,
            vocabularySize: try reader.integer("vocab_size", max: 1 << 28),
            contextLength: try reader.integer("max_position_embeddings", max: 1 << 36),
            tiesEmbeddings: try reader.flag("tie_word_embeddings") ?? false,
            linearType: try reader.linearType())
    }

    private enum Family: String, CaseIterable {
        case llama
        case qwen3
        case qwen3MoE = "qwen3_moe"
        case deepseekV3 = "deepseek_v3"

        static var names: String {
            allCases.map(\.rawValue).joined(separator: ", ")
        }
    }
}

extension ConfigurationReader {
    fileprivate func groupedQueryAttention() throws(ConfigurationError) -> AttentionShape {
        let heads = try integer("num_attention_heads", max: 1 << 16)
        let kvHeads = try integerIfPresent("num_key_value_heads", max: 1 << 16) ?? heads
        guard heads.isMultiple(of: kvHeads) else {
            throw ConfigurationError(
                key: "num_key_value_heads", problem: "must divide the \(heads) attention heads")
        }
        let size: Int
        if let written = try integerIfPresent("head_dim", max: 1 << 16) {
            size = written
        } else {
            let hidden = try integer("hidden_size")
            guard hidden.isMultiple(of: heads) else {
                throw ConfigurationError(
                    key: "head_dim", problem: "is missing, and no multiple of it is hidden_size")
            }
            size = hidden / heads
        }
        return .groupedQuery(
            GroupedQueryAttention(headCount: heads, kvHeadCount: kvHeads, headSize: size))
    }

    fileprivate func latentAttention() throws(ConfigurationError) -> AttentionShape {
        .latent(
            LatentAttention(
                headCount: try integer("num_attention_heads", max: 1 << 16),
                queryRank: try integerIfPresent("q_lora_rank"),
                latentSize: try integer("kv_lora_rank"),
                plainHeadSize: try integer("qk_nope_head_dim", max: 1 << 16),
                rotaryHeadSize: try integer("qk_rope_head_dim", max: 1 << 16),
                valueHeadSize: try integer("v_head_dim", max: 1 << 16)))
    }

    fileprivate func denseLayers(_ count: Int) throws(ConfigurationError) -> [FeedForwardShape] {
        let layer = FeedForwardShape.dense(size: try integer("intermediate_size"))
        return [FeedForwardShape](repeating: layer, count: count)
    }

    /// Every `decoder_sparse_step`-th layer has experts, but for those listed.
    fileprivate func qwenLayers(_ count: Int) throws(ConfigurationError) -> [FeedForwardShape] {
        let experts = FeedForwardShape.experts(
            try expertShape(count: "num_experts", shared: nil))
        let step = try integerIfPresent("decoder_sparse_step") ?? 1
        let listed = try integers("mlp_only_layers")
        let sparse = (0..<count).map { ($0 + 1).isMultiple(of: step) && !listed.contains($0) }
        guard sparse.contains(false) else {
            return [FeedForwardShape](repeating: experts, count: count)
        }
        let dense = FeedForwardShape.dense(size: try integer("intermediate_size"))
        return sparse.map { $0 ? experts : dense }
    }

    /// The first layers are dense.
    fileprivate func deepseekLayers(_ count: Int) throws(ConfigurationError) -> [FeedForwardShape] {
        let experts = FeedForwardShape.experts(
            try expertShape(count: "n_routed_experts", shared: "n_shared_experts"))
        let denseCount = try integerIfPresent("first_k_dense_replace", from: 0, max: count) ?? 0
        let dense = FeedForwardShape.dense(size: try integer("intermediate_size"))
        return (0..<count).map { $0 < denseCount ? dense : experts }
    }

    private func expertShape(
        count: String, shared: String?
    ) throws(ConfigurationError) -> ExpertShape {
        let expertCount = try integer(count, max: 1 << 20)
        var sharedCount = 0
        if let shared { sharedCount = try integerIfPresent(shared, from: 0, max: 1 << 10) ?? 0 }
        return ExpertShape(
            count: expertCount,
            countPerToken: try integer("num_experts_per_tok", max: expertCount),
            sharedCount: sharedCount, size: try integer("moe_intermediate_size"))
    }

    /// Of the weights: fp8 if the checkpoint is quantised so, else what it is stored in.
    fileprivate func linearType() throws(ConfigurationError) -> NumberType {
        if let quantization = try object("quantization_config") {
            let method = try quantization.text("quant_method")
            guard method == "fp8" else {
                throw ConfigurationError(
                    key: "quantization_config.quant_method",
                    problem: "must be fp8, got '\(method)'")
            }
            return .fp8
        }
        let name = try textIfPresent("torch_dtype")
        return name == "float32" ? .float32 : .bfloat16
    }
}
