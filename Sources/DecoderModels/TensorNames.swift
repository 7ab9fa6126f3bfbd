import Checkpoints

/// What a checkpoint format calls the tensors of a Llama-family decoder.
struct TensorNames {
    var embedding: String
    var outputNorm: String
    var output: String
    /// The prefix of one layer's tensors.
    var layer: @Sendable (Int) -> String
    var attentionNorm: String
    var query: String
    var key: String
    var value: String
    var attentionOutput: String
    var feedForwardNorm: String
    var gate: String
    var up: String
    var down: String
    /// Query and key rows are stored for rotations of neighbouring elements.
    var interleavesHeads: Bool

    /// Of one layer, without its prefix.
    var ofLayer: [String] {
        [
            attentionNorm, query, key, value, attentionOutput, feedForwardNorm, gate, up, down,
        ]
    }

    init(_ contents: Checkpoint.Contents) {
        switch contents {
        case .gguf: self = .gguf
        case .huggingFace: self = .huggingFace
        }
    }

    private static let gguf = TensorNames(
        embedding: "token_embd.weight", outputNorm: "output_norm.weight", output: "output.weight",
        layer: { "blk.\($0)." }, attentionNorm: "attn_norm.weight", query: "attn_q.weight",
        key: "attn_k.weight", value: "attn_v.weight", attentionOutput: "attn_output.weight",
        feedForwardNorm: "ffn_norm.weight", gate: "ffn_gate.weight", up: "ffn_up.weight",
        down: "ffn_down.weight", interleavesHeads: true)

    private static let huggingFace = TensorNames(
        embedding: "model.embed_tokens.weight", outputNorm: "model.norm.weight",
        output: "lm_head.weight", layer: { "model.layers.\($0)." },
        attentionNorm: "input_layernorm.weight", query: "self_attn.q_proj.weight",
        key: "self_attn.k_proj.weight", value: "self_attn.v_proj.weight",
        attentionOutput: "self_attn.o_proj.weight",
        feedForwardNorm: "post_attention_layernorm.weight", gate: "mlp.gate_proj.weight",
        up: "mlp.up_proj.weight", down: "mlp.down_proj.weight", interleavesHeads: false)

    private init(
        embedding: String, outputNorm: String, output: String,
        layer: @escaping @Sendable (Int) -> String, attentionNorm: String, query: String,
        key: String, value: String, attentionOutput: String, feedForwardNorm: String,
        gate: String, up: String, down: String, interleavesHeads: Bool
    ) {
        self.embedding = embedding
        self.outputNorm = outputNorm
        self.output = output
        self.layer = layer
        self.attentionNorm = attentionNorm
        self.query = query
        self.key = key
        self.value = value
        self.attentionOutput = attentionOutput
        self.feedForwardNorm = feedForwardNorm
        self.gate = gate
        self.up = up
        self.down = down
        self.interleavesHeads = interleavesHeads
    }
}
