import Checkpoints
import PipelineTypes
import Testing

@testable import Tokenization

@Suite("SmolLM2's own vocabulary, out of its GGUF file")
struct SmolLM2Tests {
    static let vocabulary = Result { try readVocabulary() }

    private static func readVocabulary() throws -> GGUFVocabulary {
        let checkpoint = try Checkpoint.open(path: Fixture.smolLM2)
        guard case .gguf(let metadata) = checkpoint.contents else {
            throw TokenizerError.missingField("GGUF metadata")
        }
        var vocabulary = GGUFVocabulary(
            model: try metadata.string("tokenizer.ggml.model"),
            preTokenizer: try metadata.stringIfPresent("tokenizer.ggml.pre"),
            tokens: try metadata.strings("tokenizer.ggml.tokens"),
            merges: try metadata.strings("tokenizer.ggml.merges"))
        vocabulary.tokenTypes = try metadata.integers("tokenizer.ggml.token_type")
        vocabulary.beginOfSequence = try metadata.unsignedIntegerIfPresent(
            "tokenizer.ggml.bos_token_id")
        vocabulary.endOfSequence = try metadata.unsignedIntegerIfPresent(
            "tokenizer.ggml.eos_token_id")
        vocabulary.addsBeginOfSequence = try metadata.booleanIfPresent(
            "tokenizer.ggml.add_bos_token")
        return vocabulary
    }

    @Test("a long text is known to have many tokens, though some bytes have none of their own")
    func longTextHasManyTokens() throws {
        let tokenizer = try Tokenizer(Self.vocabulary.get())
        #expect(tokenizer.tokenCountMin(of: String(repeating: " ", count: 1_000_000)) > 1000)
    }

    @Test("its ids are the reference's on every hard string")
    func idsAreTheReferences() throws {
        try expectReferenceIDs(Tokenizer(Self.vocabulary.get()), "smollm2")
    }

    @Test("its decoded text is the reference's")
    func textIsTheReferences() throws {
        try expectReferenceText(Tokenizer(Self.vocabulary.get()), "smollm2")
    }

    @Test("its special tokens are known by name and end a turn")
    func specialTokens() throws {
        let tokenizer = try Tokenizer(Self.vocabulary.get())
        #expect(tokenizer.vocabularySize == 49152)
        #expect(tokenizer.id(ofSpecialToken: "<|im_start|>") == 1)
        #expect(tokenizer.id(ofSpecialToken: "<|im_end|>") == 2)
        #expect(tokenizer.id(ofSpecialToken: "im_end") == nil)
        #expect(tokenizer.endOfSequence == [2])
        #expect(tokenizer.beginOfSequence == 1)
        #expect(tokenizer.encode("<|im_end|>", addSpecialTokens: true) == [2])
    }
}
