import PipelineTypes
import Testing

@testable import Tokenization

@Suite("Equality with Hugging Face's tokenizers")
struct ReferenceTests {
    @Test("the strings are many, and of many kinds")
    func stringsAreMany() throws {
        let categories = try HardStrings.all()
        #expect(categories.reduce(0) { $0 + $1.strings.count } >= 2000)
        #expect(Set(categories.map(\.category)).count >= 12)
    }

    @Test("a family's ids are the reference's on every hard string", arguments: Fixture.families)
    func idsAreTheReferences(family: String) throws {
        try expectReferenceIDs(Fixture.tokenizer(family), family)
    }

    @Test("a family's decoded text is the reference's", arguments: Fixture.families)
    func textIsTheReferences(family: String) throws {
        try expectReferenceText(Fixture.tokenizer(family), family)
    }

    @Test("bytes that are not UTF-8 are replaced as Python replaces them")
    func damagedTextIsReplacedAsInPython() throws {
        let tokenizer = try Tokenizer(.bytes())
        for pair in try Fixture.decoded([[String]].self, "damaged-utf8.json") {
            let digits = Array(pair[0])
            let bytes = try stride(from: 0, to: digits.count, by: 2).map {
                try #require(TokenID(String(digits[$0...$0 + 1]), radix: 16))
            }
            let text = tokenizer.decode(bytes, skipSpecialTokens: false)
            #expect(Array(text.utf8) == Array(pair[1].utf8), "\(pair[0])")
            let pieces = incrementalText(tokenizer, bytes, skipSpecialTokens: false)
            #expect(Array(pieces.utf8) == Array(pair[1].utf8), "\(pair[0]) piece by piece")
        }
    }
}

extension GGUFVocabulary {
    /// The 256 bytes, each its own token, and nothing else.
    static func bytes(preTokenizer: String? = "gpt-2") -> GGUFVocabulary {
        var extra: UInt32 = 0x100
        let names = (UInt32(0)...255).map { byte -> String in
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE {
                return Unicode.Scalar(byte).map { String($0) } ?? ""
            }
            defer { extra += 1 }
            return Unicode.Scalar(extra).map { String($0) } ?? ""
        }
        return GGUFVocabulary(
            model: "gpt2", preTokenizer: preTokenizer, tokens: names, merges: [])
    }
}
