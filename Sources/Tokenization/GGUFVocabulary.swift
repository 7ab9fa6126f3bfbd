import PipelineTypes

/// What a GGUF file says about its tokenizer: the values under `tokenizer.ggml.`, as they stand.
package struct GGUFVocabulary: Sendable {
    /// `tokenizer.ggml.model`: "gpt2" is byte-level BPE.
    package var model: String
    /// `tokenizer.ggml.pre`
    package var preTokenizer: String?
    package var tokens: [String]
    /// `tokenizer.ggml.token_type`; empty takes every token for a normal one.
    package var tokenTypes: [Int]
    package var merges: [String]
    package var beginOfSequence: Int?
    package var endOfSequence: Int?
    package var endOfTurn: Int?
    package var endOfMessage: Int?
    /// `tokenizer.ggml.add_bos_token`
    package var addsBeginOfSequence: Bool?
    /// `tokenizer.ggml.add_eos_token`
    package var addsEndOfSequence: Bool?

    package init(model: String, preTokenizer: String?, tokens: [String], merges: [String]) {
        self.model = model
        self.preTokenizer = preTokenizer
        self.tokens = tokens
        self.merges = merges
        tokenTypes = []
    }
}

extension Tokenizer {
    /// Builds the tokenizer of a GGUF file.
    package init(_ gguf: GGUFVocabulary) throws(TokenizerError) {
        guard gguf.model == "gpt2" else {
            throw .unsupported(component: "tokenizer.ggml.model", name: gguf.model)
        }
        let family = try PreTokenizerFamily(ggufName: gguf.preTokenizer)
        let (vocabulary, addedTokens) = try gguf.vocabulary()
        var frame = SequenceFrame()
        if let begin = gguf.beginOfSequence,
            gguf.addsBeginOfSequence ?? family.addsBeginOfSequence
        {
            frame.prefix = [try vocabulary.checked(begin, field: "bos_token_id")]
        }
        if let end = gguf.endOfSequence, gguf.addsEndOfSequence ?? false {
            frame.suffix = [try vocabulary.checked(end, field: "eos_token_id")]
        }
        try self.init(
            TokenizerParts(
                vocabulary: vocabulary,
                encoder: BytePairEncoder(
                    vocabulary: vocabulary,
                    merges: try gguf.mergeTable(vocabulary: vocabulary),
                    ignoresMerges: family.ignoresMerges),
                preTokenizer: try family.preTokenizer(),
                normalizesText: family.normalizesText,
                addedTokens: addedTokens,
                frame: frame,
                beginOfSequence: gguf.beginOfSequence,
                endOfSequence: gguf.endTokens(among: addedTokens)))
    }
}

extension GGUFVocabulary {
    /// The types of tokens that a byte-level vocabulary has; the rest are normal.
    private enum TokenType {
        static let unknown = 2
        static let control = 3
        static let userDefined = 4
        static let unused = 5
    }

    /// Special tokens that end a turn of a chat. Files often name only the token that ends a text,
    /// and have no `generation_config.json` that would name these.
    private static let turnEnds = ["<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>"]

    fileprivate func vocabulary() throws(TokenizerError) -> (Vocabulary, [AddedToken]) {
        guard tokenTypes.isEmpty || tokenTypes.count == tokens.count else {
            throw .countMismatch(tokens: tokens.count, types: tokenTypes.count)
        }
        guard tokens.count <= Vocabulary.idMax else {
            throw .idOutOfRange(field: "tokens", id: tokens.count - 1)
        }
        var vocabulary = Vocabulary()
        vocabulary.reserve(tokens.count)
        var addedTokens: [AddedToken] = []
        for (index, name) in tokens.enumerated() {
            let id = TokenID(index)
            switch tokenTypes.isEmpty ? 0 : tokenTypes[index] {
            case TokenType.control, TokenType.unknown:
                addedTokens.append(AddedToken(id: id, text: name, isSpecial: true))
                try vocabulary.setText(name, of: id)
            case TokenType.userDefined:
                addedTokens.append(AddedToken(id: id, text: name, isSpecial: false))
                try vocabulary.setText(name, of: id)
            case TokenType.unused:
                try vocabulary.setText(name, of: id)
            default:
                try vocabulary.add(name: name, id: id)
            }
        }
        return (vocabulary, addedTokens)
    }

    fileprivate func mergeTable(vocabulary: Vocabulary) throws(TokenizerError) -> MergeTable {
        var pairs: [(left: Substring, right: Substring)] = []
        pairs.reserveCapacity(merges.count)
        for (index, merge) in merges.enumerated() {
            pairs.append(try MergeTable.pair(merge, index: index))
        }
        return try MergeTable(pairs: pairs, vocabulary: vocabulary)
    }

    fileprivate func endTokens(among addedTokens: [AddedToken]) -> [Int] {
        let named = addedTokens.filter { $0.isSpecial && Self.turnEnds.contains($0.text) }
        return [endOfSequence, endOfTurn, endOfMessage].compactMap(\.self)
            + named.map { Int($0.id) }
    }
}
