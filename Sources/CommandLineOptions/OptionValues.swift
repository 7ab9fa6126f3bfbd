/// The number format of weights and products.
package enum ComputeType: String, CaseIterable, Hashable, Sendable {
    case bfloat16
    case float32
}

/// The number format of keys and values in the KV cache.
package enum KVCacheChoice: String, Hashable, Sendable {
    /// That of weights and products.
    case automatic = "auto"
    case bfloat16
    /// 8-bit integers with scales.
    case int8
}

/// How linear layers are made cheaper than their number format; SGLang's names.
package enum Quantization: String, CaseIterable, Hashable, Sendable {
    /// Weights rounded to 8 bits for each output, activations for each token.
    case w8a8Int8 = "w8a8_int8"
}

/// The number format of the activations that travel from stage to stage.
package enum ActivationType: String, CaseIterable, Hashable, Sendable {
    case float32
    case bfloat16
}

/// The instruction sets that kernels are written for, best first.
package enum InstructionSet: String, CaseIterable, Hashable, Sendable {
    case avx512BF16 = "avx512_bf16"
    case avx512
    case avx2
    case scalar
}

/// Who shares out the layers among the stages.
enum LayerPartitionChoice: Hashable, Sendable {
    /// What the stages take.
    case automatic
    /// Layers of each stage.
    case counts([Int])
}

/// What is worth a line in the log.
package enum LogLevel: String, CaseIterable, Hashable, Sendable {
    case trace
    case debug
    case info
    case warning
    case error
    case critical
}
