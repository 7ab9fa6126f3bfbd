/// The figures of a decoder model from which its work follows.
package struct ModelShape: Hashable, Sendable {
    package var name: String
    /// `model_type` of the configuration.
    package var architecture: String
    package var hiddenSize: Int
    package var attention: AttentionShape
    /// One for each layer.
    package var feedForwards: [FeedForwardShape]
    package var vocabularySize: Int
    /// Positions that the model was made for.
    package var contextLength: Int
    package var tiesEmbeddings: Bool
    /// In which the linear layers' weights are kept and multiplied. Attention, embedding and head
    /// are bf16 where it is narrower.
    package var linearType: NumberType

    package init(
        name: String, architecture: String = "llama", hiddenSize: Int, attention: AttentionShape,
        feedForwards: [FeedForwardShape], vocabularySize: Int, contextLength: Int,
        tiesEmbeddings: Bool, linearType: NumberType
    ) {
        precondition(!feedForwards.isEmpty, "a model has a layer")
        self.name = name
        self.architecture = architecture
        self.hiddenSize = hiddenSize
        self.attention = attention
        self.feedForwards = feedForwards
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.tiesEmbeddings = tiesEmbeddings
        self.linearType = linearType
    }

    package var layerCount: Int {
        feedForwards.count
    }

    /// Weights of the embedding, and of the head where it has its own.
    package var embeddingParameters: Double {
        Double(vocabularySize) * Double(hiddenSize)
    }

    /// All weights, but for norms and biases.
    package var parameterCount: Double {
        let layers = feedForwards.reduce(0) {
            $0 + attention.parameters(hiddenSize: hiddenSize) + $1.parameters(hiddenSize)
        }
        return layers + embeddingParameters * (tiesEmbeddings ? 1 : 2)
    }

    /// The weights that a token passes through.
    package var activeParameterCount: Double {
        let layers = feedForwards.reduce(0) {
            $0 + attention.parameters(hiddenSize: hiddenSize) + $1.activeParameters(hiddenSize)
        }
        return layers + embeddingParameters * (tiesEmbeddings ? 1 : 2)
    }
}

/// A format of numbers.
package enum NumberType: String, CaseIterable, Hashable, Sendable {
    case float32
    case bfloat16
    case fp8

    package var byteCount: Double {
        switch self {
        case .float32: 4
        case .bfloat16: 2
        case .fp8: 1
        }
    }
}
