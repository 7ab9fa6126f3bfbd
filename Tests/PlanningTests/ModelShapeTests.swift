import JSON
import Planning
import Testing

@Suite("the shape of a model")
struct ModelShapeTests {
    private static let llama = """
        {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 3, "vocab_size": 1000,
         "num_attention_heads": 8, "num_key_value_heads": 2, "intermediate_size": 256,
         "max_position_embeddings": 2048, "tie_word_embeddings": true, "head_dim": null}
        """

    private static let deepseek = """
        {"model_type": "deepseek_v3", "hidden_size": 64, "num_hidden_layers": 4, "vocab_size": 1000,
         "num_attention_heads": 4, "q_lora_rank": 24, "kv_lora_rank": 16, "qk_nope_head_dim": 8,
         "qk_rope_head_dim": 4, "v_head_dim": 6, "intermediate_size": 256,
         "moe_intermediate_size": 32, "n_routed_experts": 8, "n_shared_experts": 1,
         "num_experts_per_tok": 2, "first_k_dense_replace": 1, "max_position_embeddings": 4096,
         "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
        """

    private static let qwen = """
        {"model_type": "qwen3_moe", "hidden_size": 64, "num_hidden_layers": 4, "vocab_size": 1000,
         "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 16,
         "intermediate_size": 256, "moe_intermediate_size": 32, "num_experts": 8,
         "num_experts_per_tok": 2, "decoder_sparse_step": 2, "mlp_only_layers": [3],
         "max_position_embeddings": 4096}
        """

    private static func model(_ text: String) throws -> ModelShape {
        try ModelShape(name: "m", configuration: Samples.configuration(text))
    }

    @Test("a dense model with grouped queries")
    func aDenseModel() throws {
        let model = try Self.model(Self.llama)
        #expect(
            model.attention
                == .groupedQuery(
                    GroupedQueryAttention(headCount: 8, kvHeadCount: 2, headSize: 8)))
        #expect(model.feedForwards == [.dense(size: 256), .dense(size: 256), .dense(size: 256)])
        #expect(model.linearType == .bfloat16)
        // Queries and output 2·64·64, keys and values 2·64·16, feed-forward 3·64·256.
        let weights: Double = 3 * (8192 + 2048 + 49152) + 64000
        #expect(model.parameterCount == weights)
        #expect(model.activeParameterCount == model.parameterCount)
        #expect(model.attention.flopsPerPair == 4 * 8 * 8)
        #expect(model.attention.cachedNumbers(devices: 1) == 2 * 2 * 8)
        #expect(model.attention.cachedNumbers(devices: 2) == 2 * 8)
        // Two heads of keys and values are not shared among four devices.
        #expect(model.attention.cachedNumbers(devices: 4) == 2 * 8)
    }

    @Test("latent attention and experts")
    func latentAttentionAndExperts() throws {
        let model = try Self.model(Self.deepseek)
        let experts = FeedForwardShape.experts(
            ExpertShape(count: 8, countPerToken: 2, sharedCount: 1, size: 32))
        #expect(model.feedForwards == [.dense(size: 256), experts, experts, experts])
        #expect(model.linearType == .fp8)
        #expect(!model.tiesEmbeddings)
        // Queries 64·24 + 24·4·12, latent 64·20, keys and values 16·4·14, output 4·6·64.
        let attention: Double = 1536 + 1152 + 1280 + 896 + 1536
        let router: Double = 64 * 8
        let expert: Double = 3 * 64 * 32
        let dense: Double = 3 * 64 * 256
        let always: Double = 4 * attention + dense + 3 * router + 128000
        #expect(model.parameterCount == always + 3 * 9 * expert)
        #expect(model.activeParameterCount == always + 3 * 3 * expert)
        #expect(model.attention.flopsPerPair == 2 * 4 * (8 + 4 + 6))
        #expect(model.attention.flopsPerPrefixPosition == 2 * 896)
        #expect(model.attention.cachedNumbers(devices: 4) == 20)
    }

    @Test("layers with experts alternate with dense ones where the configuration says so")
    func sparseStep() throws {
        let model = try Self.model(Self.qwen)
        let experts = FeedForwardShape.experts(
            ExpertShape(count: 8, countPerToken: 2, sharedCount: 0, size: 32))
        #expect(
            model.feedForwards
                == [.dense(size: 256), experts, .dense(size: 256), .dense(size: 256)])
    }

    @Test(
        "a configuration that makes no sense is refused by key",
        arguments: [
            ("\"llama\"", "\"gpt2\"", "'model_type' must be one of"),
            ("\"llama\"", "7", "'model_type' must be a string"),
            ("\"hidden_size\": 64", "\"size\": 64", "'hidden_size' is missing"),
            ("\"hidden_size\": 64", "\"hidden_size\": null", "'hidden_size' is missing"),
            ("\"hidden_size\": 64", "\"hidden_size\": 0", "'hidden_size' must be an integer"),
            ("\"hidden_size\": 64", "\"hidden_size\": 1e300", "'hidden_size' must be an integer"),
            ("\"hidden_size\": 64", "\"hidden_size\": 63", "'head_dim' is missing"),
            ("_layers\": 3", "_layers\": 5000", "'num_hidden_layers' must be an integer"),
            ("_layers\": 3", "_layers\": 2.5", "'num_hidden_layers' must be an integer"),
            ("_heads\": 2", "_heads\": 3", "'num_key_value_heads' must divide"),
            ("true", "1", "'tie_word_embeddings' must be true or false"),
            ("null", "null, \"quantization_config\": 4", "'quantization_config' must be an object"),
            (
                "null", "null, \"quantization_config\": {\"quant_method\": \"awq\"}",
                "'quantization_config.quant_method' must be fp8, got 'awq'"
            ),
        ])
    func aConfigurationThatMakesNoSense(part: String, other: String, message: String) throws {
        let text = Self.llama.replacing(part, with: other, maxReplacements: 1)
        let object = try Samples.configuration(text)
        do throws(ConfigurationError) {
            _ = try ModelShape(name: "m", configuration: object)
            Issue.record("accepted")
        } catch {
            #expect(error.description.hasPrefix(message), "\(error)")
        }
    }
}
