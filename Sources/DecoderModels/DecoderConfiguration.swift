package import Checkpoints
package import Kernels

/// The shape of a Llama-family decoder: grouped-query attention with rotary embeddings, RMSNorm and
/// SwiGLU.
package struct DecoderConfiguration: Hashable, Sendable {
    package var architecture: String
    package var vocabularySize: Int
    package var hiddenSize: Int
    package var layerCount: Int
    package var headCount: Int
    package var kvHeadCount: Int
    package var headSize: Int
    package var feedForwardSize: Int
    package var normEpsilon: Float
    package var rope: RotaryEmbedding
    /// Positions that the model was trained for.
    package var contextLength: Int
    /// The output head is the transposed embedding.
    package var tiesEmbeddings: Bool

    /// Reads the configuration of a checkpoint; refuses an architecture that is not built.
    package init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        switch checkpoint.contents {
        case .gguf(let metadata): try self.init(metadata, checkpoint)
        case .huggingFace(let folder): try self.init(folder.config)
        }
        try check(checkpoint)
    }

    /// Query heads that share a KV head.
    package var groupSize: Int {
        headCount / kvHeadCount
    }

    /// Outputs of the fused projection to queries, keys and values.
    package var qkvSize: Int {
        (headCount + 2 * kvHeadCount) * headSize
    }

    /// Bytes of keys and values that one position takes in `layers` layers.
    package func kvByteCount(layers: Int, type: KVCacheType) -> Int {
        layers * kvHeadCount * type.byteCount(headSize: headSize)
    }

    /// Bounds of what the kernels can do and what can be meant seriously.
    enum Bounds {
        static let size = 1...1 << 20
        static let layers = 1...4096
        static let heads = 1...4096
        static let headSizeMax = 256
        /// The kernels work on vectors of sixteen numbers.
        static let headSizeUnit = 16
        static let vocabulary = 1...1 << 24
        static let context = 1...1 << 30
    }

    private func check(_ checkpoint: Checkpoint) throws(CheckpointError) {
        func refuse(_ expected: String, _ found: String) -> CheckpointError {
            CheckpointError(file: checkpoint.path, .unsupported(expected: expected, found: found))
        }
        guard headCount.isMultiple(of: kvHeadCount) else {
            throw refuse(
                "heads in equal groups", "\(headCount) heads with \(kvHeadCount) KV heads")
        }
        guard headSize.isMultiple(of: Bounds.headSizeUnit), headSize <= Bounds.headSizeMax else {
            throw refuse(
                "a head size up to \(Bounds.headSizeMax), a multiple of \(Bounds.headSizeUnit)",
                "\(headSize)")
        }
        guard normEpsilon >= 0, normEpsilon < 1, rope.theta > 0, rope.theta.isFinite else {
            throw refuse("a small epsilon and a positive rope theta", "other values")
        }
    }
}
