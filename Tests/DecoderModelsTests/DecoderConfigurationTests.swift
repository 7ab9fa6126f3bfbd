import CheckpointFiles
import Checkpoints
import Kernels
import Testing

@testable import DecoderModels

@Suite("settings of a model")
struct DecoderConfigurationTests {
    /// A setting that no model can have, as JSON, and what the error says.
    typealias BadSetting = (key: String, value: String, says: String)

    static let badSettings: [BadSetting] = [
        ("vocab_size", "0", "vocab_size: expected 1 to 16777216, found 0"),
        ("hidden_size", "0", "hidden_size: expected 1 to"),
        ("num_hidden_layers", "0", "num_hidden_layers: expected 1 to"),
        ("num_attention_heads", "0", "num_attention_heads: expected 1 to"),
        ("num_attention_heads", "3", "3 heads with 2 KV heads"),
        ("num_key_value_heads", "0", "num_key_value_heads: expected 1 to"),
        ("head_dim", "0", "head_dim: expected 1 to"),
        ("head_dim", "8", "found 8, expected a head size of 16 to 256"),
        ("head_dim", "24", "found 24, expected a head size of 16 to 256, a multiple of 16"),
        ("head_dim", "272", "found 272, expected a head size"),
        ("intermediate_size", "0", "intermediate_size: expected 1 to"),
        ("max_position_embeddings", "0", "max_position_embeddings: expected 1 to"),
        ("rms_norm_eps", "-1e-5", "rms_norm_eps: expected 0.0 to 1.0, found -1e-05"),
        ("rms_norm_eps", "1e40", "rms_norm_eps"),
        ("rope_theta", "0", "rope_theta: expected 1.0 to"),
        ("rope_theta", "-10000", "rope_theta: expected 1.0 to"),
        ("rope_theta", "1e300", "rope_theta: expected 1.0 to"),
        ("rope_scaling", scaling("factor", 0), "factor: expected 0.001 to"),
        ("rope_scaling", scaling("low_freq_factor", -1), "low_freq_factor: expected 0.001 to"),
        ("rope_scaling", scaling("high_freq_factor", 1), "high_freq_factor: expected above"),
        (
            "rope_scaling", scaling("original_max_position_embeddings", 0),
            "original_max_position_embeddings: expected 1 to"
        ),
        ("attention_bias", "true", "attention_bias: not supported: found true, expected false"),
        ("mlp_bias", "true", "mlp_bias: not supported: found true, expected false"),
    ]

    /// Llama 3.1's, but for one number.
    private static func scaling(_ key: String, _ value: Int) -> String {
        var numbers = [
            "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
            "original_max_position_embeddings": 8192,
        ]
        numbers[key] = value
        let fields = numbers.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
        return "{\"rope_type\": \"llama3\", \(fields)}"
    }

    private static let sound = [
        "model_type": "\"llama\"", "vocab_size": "512", "hidden_size": "64",
        "num_hidden_layers": "1", "num_attention_heads": "4", "num_key_value_heads": "2",
        "head_dim": "16", "intermediate_size": "176", "max_position_embeddings": "2048",
        "rms_norm_eps": "1e-5", "rope_theta": "10000", "rope_scaling": scaling("factor", 8),
    ]

    private func read(_ settings: [String: String]) throws -> DecoderConfiguration {
        let folder = try TemporaryFolder()
        let fields = settings.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
        try folder.write("{\(fields)}", to: "config.json")
        var weights = SafetensorsBuilder()
        weights.header = #"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}"#
        weights.data = [0, 0, 0, 0]
        try folder.write(weights.file, to: "model.safetensors")
        return try DecoderConfiguration(try Checkpoint.open(path: folder.path))
    }

    @Test("sound ones are read")
    func soundSettings() throws {
        let model = try read(Self.sound)
        #expect(model.headSize == 16 && model.heads.group == 2 && model.heads.qkvSize == 128)
        #expect(model.rope.frequencies(headSize: 16).count == 8)
    }

    @Test("one that no model can have is refused by its name", arguments: badSettings)
    func badSetting(setting: BadSetting) throws {
        var settings = Self.sound
        settings[setting.key] = setting.value
        let error = #expect(throws: CheckpointError.self) { try read(settings) }
        #expect(error?.description.contains(setting.says) == true, "\(String(describing: error))")
    }
}

/// A GGUF file of a model with one layer, as large as the smallest that there are.
private struct TinyGGUF {
    var builder = GGUFBuilder()

    init() {
        builder.metadata = [
            GGUFBuilder.field(
                "general.architecture", type: 8, GGUFBuilder.string("llama")),
            integer("embedding_length", 32), integer("block_count", 1),
            integer("attention.head_count", 2), integer("feed_forward_length", 16),
            integer("context_length", 64),
        ]
        add("token_embd.weight", [32, 4])
        add("output_norm.weight", [32])
        for name in ["attn_norm", "ffn_norm"] { add("blk.0.\(name).weight", [32]) }
        for name in ["attn_q", "attn_k", "attn_v", "attn_output"] {
            add("blk.0.\(name).weight", [32, 32])
        }
        for name in ["ffn_gate", "ffn_up"] { add("blk.0.\(name).weight", [32, 16]) }
        add("blk.0.ffn_down.weight", [16, 32])
    }

    private func integer(_ key: String, _ value: UInt32) -> [UInt8] {
        GGUFBuilder.field("llama.\(key)", type: 4, littleEndian(value))
    }

    mutating func add(_ key: String, number: Float) {
        builder.metadata.append(
            GGUFBuilder.field("llama.\(key)", type: 6, littleEndian(number.bitPattern)))
    }

    /// A tensor of f32, all of one value.
    mutating func add(_ name: String, _ dimensions: [UInt64], value: Float = 1) {
        builder.tensors.append(
            GGUFBuilder.tensor(
                name, dimensions: dimensions, offset: UInt64(builder.data.count)))
        let count = Int(dimensions.reduce(1, *))
        builder.data += Array(repeating: littleEndian(value.bitPattern), count: count).joined()
    }

    func check() throws {
        let folder = try TemporaryFolder()
        let checkpoint = try Checkpoint.open(path: folder.write(builder.file, to: "m.gguf"))
        try DecoderTensors(checkpoint, DecoderConfiguration(checkpoint)).check()
    }
}

@Suite("a GGUF file of a model")
struct GGUFModelTests {
    private func model(epsilon: Float = 1e-5, theta: Float = 10000) -> TinyGGUF {
        var model = TinyGGUF()
        model.add("attention.layer_norm_rms_epsilon", number: epsilon)
        model.add("rope.freq_base", number: theta)
        return model
    }

    private func error(_ model: TinyGGUF) throws -> String {
        try #require(#expect(throws: CheckpointError.self) { try model.check() }).description
    }

    @Test("a sound one is accepted, with divisors of its frequencies too")
    func sound() throws {
        var model = model()
        try model.check()
        model.add("rope_freqs.weight", [8], value: 4)
        try model.check()
    }

    @Test(
        "a tensor that the model does not compute with is refused by its name",
        arguments: [
            "blk.0.attn_q.bias", "blk.0.ffn_up.bias", "blk.0.attn_q_norm.weight", "output.bias",
            "blk.1.attn_norm.weight",
        ])
    func unknownTensor(name: String) throws {
        var model = model()
        model.add(name, [32])
        #expect(try error(model).contains("tensor \(name): not supported"))
    }

    @Test("numbers that make no sense are refused by their names")
    func badNumbers() throws {
        for value in [Float.nan, .infinity, -1, 2] {
            let message = try error(model(epsilon: value))
            #expect(message.contains("llama.attention.layer_norm_rms_epsilon: expected 0.0 to"))
        }
        for value in [Float.nan, .infinity, -1, 0] {
            let message = try error(model(theta: value))
            #expect(message.contains("llama.rope.freq_base: expected 1.0 to"))
        }
        for value in [Float.nan, .infinity, -1, 0] {
            var model = model()
            model.add("rope_freqs.weight", [8], value: value)
            #expect(try error(model).contains("tensor rope_freqs.weight: expected 0.001 to"))
        }
    }
}
