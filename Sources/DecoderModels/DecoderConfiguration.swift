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

    package var heads: HeadShape {
        HeadShape(heads: headCount, kvHeads: kvHeadCount, headSize: headSize)
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
        static let headSize = 16...256
        /// The kernels work on vectors of sixteen numbers.
        static let headSizeUnit = 16
        static let vocabulary = 1...1 << 24
        static let context = 1...1 << 30
        static let normEpsilon = 0.0...1
        static let ropeTheta = 1.0...1e12
        /// What frequencies are divided by, and where that begins and ends.
        static let ropeFactor = 1e-3...1e6
    }

    private func check(_ checkpoint: Checkpoint) throws(CheckpointError) {
        func refuse(_ expected: String, _ found: String) -> CheckpointError {
            CheckpointError(file: checkpoint.path, .unsupported(expected: expected, found: found))
        }
        guard headCount.isMultiple(of: kvHeadCount) else {
            throw refuse(
                "heads in equal groups", "\(headCount) heads with \(kvHeadCount) KV heads")
        }
        guard headSize.isMultiple(of: Bounds.headSizeUnit), Bounds.headSize.contains(headSize)
        else {
            let (least, most) = (Bounds.headSize.lowerBound, Bounds.headSize.upperBound)
            throw refuse(
                "a head size of \(least) to \(most), a multiple of \(Bounds.headSizeUnit)",
                "\(headSize)")
        }
        guard Bounds.vocabulary.contains(vocabularySize) else {
            throw refuse(
                "a vocabulary of 1 to \(Bounds.vocabulary.upperBound)", "\(vocabularySize)")
        }
        let frequencies = rope.frequencies(headSize: headSize)
        guard frequencies.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw refuse("positive rope frequencies", "others")
        }
    }
}
