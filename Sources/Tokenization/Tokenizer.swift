package import PipelineTypes

/// A byte-level byte-pair tokenizer: text to token ids and back, with the same ids as Hugging
/// Face's `tokenizers`.
package struct Tokenizer: Sendable {
    let vocabulary: Vocabulary
    let encoder: BytePairEncoder
    let preTokenizer: PreTokenizer
    let normalizesText: Bool
    /// The ids of special tokens.
    let specialTokens: Set<TokenID>
    /// The same by the UTF-8 of their texts.
    let specialTokenOfText: [[UInt8]: TokenID]
    /// Looks for added tokens in text as it came.
    let verbatimMatcher: AddedTokenMatcher
    /// Looks for added tokens in normalized text.
    let normalizedMatcher: AddedTokenMatcher
    /// What special tokens stand around an encoded text.
    let frame: SequenceFrame
    private let countBound: TokenCountBound

    package let beginOfSequence: TokenID?
    /// The tokens that end a generated text; a model may have several (of the text, of a turn).
    package let endOfSequence: [TokenID]

    init(_ parts: TokenizerParts) throws(TokenizerError) {
        guard parts.vocabulary.count > 0 else { throw .emptyVocabulary }
        let vocabulary = parts.vocabulary
        for id in parts.frame.prefix + parts.frame.suffix where id >= vocabulary.count {
            throw .idOutOfRange(field: "post_processor", id: Int(id))
        }
        self.vocabulary = vocabulary
        let special = parts.addedTokens.filter(\.isSpecial)
        specialTokens = Set(special.map(\.id))
        specialTokenOfText = Dictionary(
            special.map { (Array($0.text.utf8), $0.id) }, uniquingKeysWith: { _, last in last })
        encoder = parts.encoder
        preTokenizer = parts.preTokenizer
        normalizesText = parts.normalizesText
        verbatimMatcher = AddedTokenMatcher(parts.addedTokens.filter { !$0.isNormalized })
        let normalizesText = parts.normalizesText
        normalizedMatcher = AddedTokenMatcher(parts.addedTokens.filter(\.isNormalized)) { token in
            guard normalizesText else { return token.text }
            return String(
                decoding: Normalization.formC(Array(token.text.utf8)[...]), as: UTF8.self)
        }
        frame = parts.frame
        countBound = TokenCountBound(parts)
        beginOfSequence = try parts.beginOfSequence.map { id throws(TokenizerError) in
            try vocabulary.checked(id, field: "beginning-of-sequence token")
        }
        var ends: [TokenID] = []
        for id in parts.endOfSequence {
            let token = try vocabulary.checked(id, field: "end-of-sequence token")
            if !ends.contains(token) { ends.append(token) }
        }
        endOfSequence = ends
    }

    /// One more than the largest id; a model may have more embeddings than that.
    package var vocabularySize: Int {
        vocabulary.count
    }
}

/// What a tokenizer is put together from, whatever file it came in.
struct TokenizerParts {
    /// With the texts of the added tokens.
    var vocabulary: Vocabulary
    var encoder: BytePairEncoder
    var preTokenizer: PreTokenizer
    var normalizesText: Bool
    var addedTokens: [AddedToken]
    var frame: SequenceFrame
    var beginOfSequence: Int?
    var endOfSequence: [Int]
}

/// The special tokens around an encoded text.
struct SequenceFrame: Hashable, Sendable {
    var prefix: [TokenID] = []
    var suffix: [TokenID] = []
}

extension Vocabulary {
    /// `id` as the id of a token.
    func checked(_ id: Int, field: String) throws(TokenizerError) -> TokenID {
        guard id >= 0, id < count else { throw .idOutOfRange(field: field, id: id) }
        return TokenID(id)
    }
}

// MARK: - Encoding

extension Tokenizer {
    /// The ids of `text`, between those that begin and end a sequence if `addSpecialTokens`.
    /// Special tokens that are spelled out in the text are recognised, unless the text comes from
    /// someone who must not write them: `recognizeSpecialTokens` false encodes them as text.
    /// Stops once there are more than `enough` tokens.
    package func encode(
        _ text: String, addSpecialTokens: Bool, recognizeSpecialTokens: Bool = true,
        enough: Int = .max
    ) -> [TokenID] {
        var encoding = Encoding(tokenizer: self, enough: enough)
        if addSpecialTokens { encoding.tokens += frame.prefix }
        encoding.append(Array(text.utf8), recognizesSpecial: recognizeSpecialTokens)
        if addSpecialTokens { encoding.tokens += frame.suffix }
        return encoding.takeTokens()
    }

    /// Tokens that `text` has at least, found without encoding it.
    package func tokenCountMin(of text: String) -> Int {
        countBound.tokenCountMin(of: text)
    }
}

/// The working memory of one call to `encode`.
private struct Encoding: ~Copyable {
    let tokenizer: Tokenizer
    var tokens: [TokenID] = []
    private let enough: Int
    private let matchScratch = MatchScratch()
    private var pairScratch = BytePairScratch()

    init(tokenizer: Tokenizer, enough: Int) {
        self.tokenizer = tokenizer
        self.enough = enough
    }

    consuming func takeTokens() -> [TokenID] {
        tokens
    }

    mutating func append(_ text: [UInt8], recognizesSpecial: Bool) {
        let parts = tokenizer.verbatimMatcher.parts(
            of: text, 0..<text.count, recognizesSpecial: recognizesSpecial)
        for part in parts where tokens.count <= enough {
            if let token = part.token {
                tokens.append(token)
            } else if tokenizer.normalizesText {
                let normalized = Normalization.formC(text[part.range])
                append(
                    normalized: normalized, 0..<normalized.count,
                    recognizesSpecial: recognizesSpecial)
            } else {
                append(normalized: text, part.range, recognizesSpecial: recognizesSpecial)
            }
        }
    }

    private mutating func append(
        normalized text: [UInt8], _ range: Range<Int>, recognizesSpecial: Bool
    ) {
        let parts = tokenizer.normalizedMatcher.parts(
            of: text, range, recognizesSpecial: recognizesSpecial)
        for part in parts where tokens.count <= enough {
            if let token = part.token {
                tokens.append(token)
                continue
            }
            let pieces = tokenizer.preTokenizer.pieces(
                of: text, part.range, scratch: matchScratch)
            for piece in pieces where tokens.count <= enough {
                tokenizer.encoder.encode(text, piece, scratch: &pairScratch, into: &tokens)
            }
        }
    }
}

// MARK: - Decoding

extension Tokenizer {
    /// The text of `tokens`. Bytes that are not UTF-8 become U+FFFD; ids that the vocabulary does
    /// not have are left out.
    package func decode(_ tokens: [TokenID], skipSpecialTokens: Bool) -> String {
        var bytes: [UInt8] = []
        for token in tokens where !(skipSpecialTokens && isSpecial(token)) {
            bytes += self.bytes(of: token)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes that a token stands for; none for an id that the vocabulary does not have.
    package func bytes(of token: TokenID) -> [UInt8] {
        token < vocabulary.count ? vocabulary.bytesOfToken[Int(token)] : []
    }

    /// The text of one token; U+FFFD for bytes that are only a part of a character.
    package func text(of token: TokenID) -> String {
        String(decoding: bytes(of: token), as: UTF8.self)
    }

    /// Whether decoding may skip the token.
    package func isSpecial(_ token: TokenID) -> Bool {
        specialTokens.contains(token)
    }

    /// The id of the special token that is written `text`.
    package func id(ofSpecialToken text: String) -> TokenID? {
        specialTokenOfText[Array(text.utf8)]
    }
}
