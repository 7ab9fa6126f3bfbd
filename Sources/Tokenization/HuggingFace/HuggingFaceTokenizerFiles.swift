import PipelineTypes

/// The files of a Hugging Face model folder that say how to tokenize, as their bytes.
package struct HuggingFaceTokenizerFiles: Sendable {
    /// `tokenizer.json`
    package var tokenizer: [UInt8]
    /// `tokenizer_config.json`
    package var tokenizerConfiguration: [UInt8]?
    /// `generation_config.json`
    package var generationConfiguration: [UInt8]?
    /// `config.json`
    package var configuration: [UInt8]?

    package init(tokenizer: [UInt8]) {
        self.tokenizer = tokenizer
    }
}

extension Tokenizer {
    /// Builds the tokenizer of a Hugging Face folder. A component that would change its ids and
    /// that is not known here is refused by name. `truncation` and `padding` are read by nobody:
    /// they are about batches, and a prompt is never cut.
    package init(_ files: HuggingFaceTokenizerFiles) throws(TokenizerError) {
        let root = try JSONField(file: "tokenizer.json", files.tokenizer, .tokenizer)
        let model = try TokenizerModel(root.required("model"))
        var vocabulary = model.vocabulary
        let addedTokens = try root.addedTokens(vocabulary: vocabulary)
        for token in addedTokens { try vocabulary.setText(token.text, of: token.id) }
        let addedIDs = Dictionary(
            addedTokens.map { (Array($0.text.utf8), $0.id) }, uniquingKeysWith: { $1 })
        let special = try SpecialTokenConfiguration(files) { text in
            addedIDs[Array(text.utf8)] ?? vocabulary.token(named: text)
        }
        var frame = try root.optional("post_processor")?.sequenceFrame() ?? SequenceFrame()
        try special.adjust(&frame)
        try root.optional("decoder")?.requireByteLevelDecoder()
        try self.init(
            TokenizerParts(
                vocabulary: vocabulary,
                encoder: model.encoder,
                preTokenizer: try root.required("pre_tokenizer").preTokenizer(),
                normalizesText: try root.optional("normalizer")?.normalizesToFormC() ?? false,
                addedTokens: addedTokens,
                frame: frame,
                beginOfSequence: special.beginOfSequence,
                endOfSequence: special.endOfSequence))
    }
}

extension JSONField {
    /// The type of a component, as the files of `tokenizers` tag it.
    func type() throws(TokenizerError) -> String {
        try required("type").string()
    }

    func requireByteLevelDecoder() throws(TokenizerError) {
        let type = try type()
        guard type == "ByteLevel" else { throw .unsupported(component: "decoder", name: type) }
    }

    /// Whether this normalizer brings text into form C; false does nothing.
    func normalizesToFormC() throws(TokenizerError) -> Bool {
        switch try type() {
        case "NFC":
            return true
        case "Sequence":
            var normalizes = false
            for normalizer in try required("normalizers").elements() {
                normalizes = try normalizer.normalizesToFormC() || normalizes
            }
            return normalizes
        case let type:
            throw .unsupported(component: "normalizer", name: type)
        }
    }

    func addedTokens(vocabulary: Vocabulary) throws(TokenizerError) -> [AddedToken] {
        guard let list = try optional("added_tokens") else { return [] }
        var tokens: [AddedToken] = []
        var textOfID: [TokenID: [UInt8]] = [:]
        for entry in try list.elements() {
            let text = try entry.required("content").string()
            guard !text.isEmpty else { continue }
            let id = try entry.required("id").integer()
            guard id >= 0, id < Vocabulary.idMax else {
                throw .idOutOfRange(field: "added_tokens", id: id)
            }
            let token = TokenID(id)
            let known = vocabulary.token(named: text)
            let isTaken = known == nil && vocabulary.contains(token)
            let other = textOfID.updateValue(Array(text.utf8), forKey: token)
            guard known ?? token == token, !isTaken, other ?? Array(text.utf8) == Array(text.utf8)
            else { throw .addedTokenConflict(token: text, id: token) }
            let isSpecial = try entry.flag("special", default: false)
            tokens.append(
                AddedToken(
                    id: token, text: text, isSpecial: isSpecial,
                    stripsLeft: try entry.flag("lstrip", default: false),
                    stripsRight: try entry.flag("rstrip", default: false),
                    isSingleWord: try entry.flag("single_word", default: false),
                    isNormalized: try entry.flag("normalized", default: !isSpecial)))
        }
        return tokens
    }
}
