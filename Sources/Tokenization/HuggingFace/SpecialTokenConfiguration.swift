import JSON
import PipelineTypes

/// Which tokens begin and end a sequence, from the files beside `tokenizer.json`.
struct SpecialTokenConfiguration {
    private(set) var beginOfSequence: Int?
    /// Of all files together, in the order generation, model, tokenizer.
    private(set) var endOfSequence: [Int] = []
    /// Overrules what `tokenizer.json` puts around a text; nil leaves it.
    private var addsBeginOfSequence: Bool?
    private var addsEndOfSequence: Bool?
    private var tokenizerEnd: TokenID?

    /// `id` finds a token by its text.
    init(
        _ files: HuggingFaceTokenizerFiles, id: (String) -> TokenID?
    ) throws(TokenizerError) {
        if let bytes = files.generationConfiguration {
            try readModelFile(Self.root(bytes, "generation_config.json"))
        }
        if let bytes = files.configuration {
            try readModelFile(Self.root(bytes, "config.json"))
        }
        guard let bytes = files.tokenizerConfiguration else { return }
        let root = try Self.root(bytes, "tokenizer_config.json")
        if let token = try root.token("bos_token", id: id) { beginOfSequence = Int(token) }
        if let token = try root.token("eos_token", id: id) {
            tokenizerEnd = token
            endOfSequence.append(Int(token))
        }
        addsBeginOfSequence = try root.optional("add_bos_token")?.boolean()
        addsEndOfSequence = try root.optional("add_eos_token")?.boolean()
    }

    private static func root(_ bytes: [UInt8], _ file: String) throws(TokenizerError) -> JSONField {
        try JSONField(file: file, bytes, .configuration)
    }

    private mutating func readModelFile(_ root: JSONField) throws(TokenizerError) {
        if beginOfSequence == nil {
            beginOfSequence = try root.optional("bos_token_id")?.integer()
        }
        guard let ends = try root.optional("eos_token_id") else { return }
        if case .array = ends.value {
            for end in try ends.elements() { endOfSequence.append(try end.integer()) }
        } else {
            endOfSequence.append(try ends.integer())
        }
    }

    /// Applies `add_bos_token` and `add_eos_token`.
    func adjust(_ frame: inout SequenceFrame) throws(TokenizerError) {
        if let addsBeginOfSequence, let begin = beginOfSequence.flatMap(TokenID.init(exactly:)) {
            let hasBegin = frame.prefix.contains(begin)
            if addsBeginOfSequence && !hasBegin { frame.prefix.insert(begin, at: 0) }
            if !addsBeginOfSequence && hasBegin { frame.prefix.removeAll { $0 == begin } }
        }
        if let addsEndOfSequence, let end = tokenizerEnd {
            let hasEnd = frame.suffix.contains(end)
            if addsEndOfSequence && !hasEnd { frame.suffix.append(end) }
            if !addsEndOfSequence && hasEnd { frame.suffix.removeAll { $0 == end } }
        }
    }
}

extension JSONField {
    /// A token that a file names by its text, or by an object with its text as `content`.
    fileprivate func token(
        _ key: String, id: (String) -> TokenID?
    ) throws(TokenizerError) -> TokenID? {
        guard let field = try optional(key) else { return nil }
        let text: String
        if case .object = field.value {
            text = try field.required("content").string()
        } else {
            text = try field.string()
        }
        guard let token = id(text) else { throw .unknownToken(field: field.path, token: text) }
        return token
    }
}
