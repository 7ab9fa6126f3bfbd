import PipelineTypes
import Testing

@testable import Tokenization

@Suite("Tokenizers out of GGUF metadata")
struct GGUFVocabularyTests {
    /// The parts of a tokenizer.json that GGUF metadata repeats.
    private struct Spelled: Decodable {
        struct Model: Decodable {
            var vocab: [String: Int]
            var merges: [Merge]
        }
        struct Added: Decodable {
            var id: Int
            var content: String
            var special: Bool
        }
        /// In either spelling.
        struct Merge: Decodable {
            var text: String

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self.text = text
                } else {
                    text = try container.decode([String].self).joined(separator: " ")
                }
            }
        }
        var model: Model
        var addedTokens: [Added]

        enum CodingKeys: String, CodingKey {
            case model
            case addedTokens = "added_tokens"
        }
    }

    private static func vocabulary(_ family: String, _ pre: String) throws -> GGUFVocabulary {
        let spelled = try Fixture.decoded(Spelled.self, "\(family).tokenizer.json")
        let count = spelled.model.vocab.count + spelled.addedTokens.count
        var vocabulary = GGUFVocabulary(
            model: "gpt2", preTokenizer: pre, tokens: Array(repeating: "", count: count),
            merges: spelled.model.merges.map(\.text))
        vocabulary.tokenTypes = Array(repeating: 1, count: count)
        for (name, id) in spelled.model.vocab { vocabulary.tokens[id] = name }
        for token in spelled.addedTokens {
            vocabulary.tokens[token.id] = token.content
            vocabulary.tokenTypes[token.id] = token.special ? 3 : 4
        }
        return vocabulary
    }

    @Test(
        "the same vocabulary gives the same ids as in a tokenizer.json",
        arguments: [
            ("gpt2", "gpt-2"), ("llama3", "llama-bpe"), ("qwen2", "qwen2"),
            ("deepseek-v3", "deepseek-v3"),
        ])
    func idsAreTheReferences(family: String, pre: String) throws {
        var vocabulary = try Self.vocabulary(family, pre)
        if family == "llama3" {
            vocabulary.beginOfSequence = vocabulary.tokens.firstIndex(of: "<|begin_of_text|>")
        }
        try expectReferenceIDs(Tokenizer(vocabulary), family)
    }

    @Test("what is not byte-level BPE of a known kind is refused by name")
    func unknownKindsAreRefused() {
        var vocabulary = GGUFVocabulary.bytes(preTokenizer: "tekken")
        #expect(
            throws: TokenizerError.unsupported(component: "tokenizer.ggml.pre", name: "tekken")
        ) { try Tokenizer(vocabulary) }
        vocabulary.model = "llama"
        #expect(
            throws: TokenizerError.unsupported(component: "tokenizer.ggml.model", name: "llama")
        ) { try Tokenizer(vocabulary) }
    }

    @Test("the begin and end of a sequence are added as the metadata says")
    func beginAndEnd() throws {
        var vocabulary = GGUFVocabulary.bytes()
        vocabulary.beginOfSequence = 1
        vocabulary.endOfSequence = 2
        #expect(try Tokenizer(vocabulary).encode("A", addSpecialTokens: true) == [65])
        vocabulary.addsBeginOfSequence = true
        vocabulary.addsEndOfSequence = true
        #expect(try Tokenizer(vocabulary).encode("A", addSpecialTokens: true) == [1, 65, 2])
        #expect(try Tokenizer(vocabulary).encode("A", addSpecialTokens: false) == [65])
        vocabulary.preTokenizer = "llama-bpe"
        vocabulary.addsBeginOfSequence = nil
        #expect(try Tokenizer(vocabulary).encode("A", addSpecialTokens: true) == [1, 65, 2])
    }

    @Test("the tokens that end a text, a turn and a message all end a sequence, once each")
    func endTokens() throws {
        var vocabulary = GGUFVocabulary.bytes()
        vocabulary.tokens += ["<|end_of_text|>", "<|eot_id|>", "<|eom_id|>", "<|im_end|>"]
        vocabulary.tokenTypes = Array(repeating: 1, count: 256) + [3, 3, 3, 4]
        vocabulary.endOfSequence = 256
        vocabulary.endOfTurn = 257
        let tokenizer = try Tokenizer(vocabulary)
        #expect(tokenizer.endOfSequence == [256, 257, 258])
        #expect(tokenizer.id(ofSpecialToken: "<|eom_id|>") == 258)
        #expect(tokenizer.id(ofSpecialToken: "<|im_end|>") == nil, "it is not special")
        #expect(tokenizer.encode("<|im_end|>", addSpecialTokens: false) == [259])
    }

    @Test("metadata that lies is an error")
    func liesAreErrors() {
        func error(_ change: (inout GGUFVocabulary) -> Void) -> TokenizerError? {
            var vocabulary = GGUFVocabulary.bytes()
            change(&vocabulary)
            return #expect(throws: TokenizerError.self) { try Tokenizer(vocabulary) }
        }
        #expect(error { $0.tokens = [] } == .emptyVocabulary)
        #expect(error { $0.tokenTypes = [1] } == .countMismatch(tokens: 256, types: 1))
        #expect(error { $0.tokens[3] = "A" } == .duplicateToken("A"))
        #expect(
            error { $0.merges = ["A B"] } == .mergeOfUnknownTokens(index: 0, merge: "A B"))
        #expect(error { $0.merges = ["AB"] } == .malformedMerge(index: 0))
        #expect(error { $0.merges = ["A B C"] } == .malformedMerge(index: 0))
        #expect(error { $0.merges = [" A"] } == .malformedMerge(index: 0))
        #expect(
            error { $0.endOfSequence = 256 }
                == .idOutOfRange(field: "end-of-sequence token", id: 256))
        #expect(
            error { $0.beginOfSequence = -1 }
                == .idOutOfRange(field: "beginning-of-sequence token", id: -1))
        #expect(
            error {
                $0.beginOfSequence = Int.max
                $0.addsBeginOfSequence = true
            } == .idOutOfRange(field: "bos_token_id", id: Int.max))
    }
}
