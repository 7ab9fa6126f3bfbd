package import ChatTemplates
package import PipelineTypes
package import Tokenization

/// The model as its clients see it.
package struct ServedModel: Sendable {
    /// The name that clients ask for.
    package var name: String
    /// Where it was loaded from; accepted as a name too.
    package var path: String
    /// The family, like "llama"; reported only.
    package var architecture: String
    /// Positions that one request may have, prompt and output together.
    package var contextLength: Int
    /// Cuts prompts and token limits that exceed the context, instead of refusing them.
    package var truncatesToFit = false
    package var vocabularySize: Int
    /// nil serves token ids only.
    package var tokenizer: Tokenizer?
    /// nil serves no chats.
    package var chatTemplate: ChatTemplate?
    package var beginOfSequence: TokenID?
    /// Tokens that end generation.
    package var endOfSequence: [TokenID]
    /// What holds where a request says nothing.
    package var defaultSampling: SamplingParameters

    package init(
        name: String, path: String, architecture: String, contextLength: Int, vocabularySize: Int,
        tokenizer: Tokenizer?, chatTemplate: ChatTemplate?, beginOfSequence: TokenID? = nil,
        endOfSequence: [TokenID] = [], defaultSampling: SamplingParameters = SamplingParameters()
    ) {
        self.name = name
        self.path = path
        self.architecture = architecture
        self.contextLength = contextLength
        self.vocabularySize = vocabularySize
        self.tokenizer = tokenizer
        self.chatTemplate = chatTemplate
        self.beginOfSequence = beginOfSequence
        self.endOfSequence = endOfSequence
        self.defaultSampling = defaultSampling
    }

    /// Whether a request that asks for this name means this model.
    package func answers(to requested: String) -> Bool {
        requested == name || requested == path || requested == "default"
    }
}
