import PipelineTypes
import Testing

@testable import Tokenization

@Suite("Added tokens")
struct AddedTokenTests {
    private static func parts(
        _ text: String, _ tokens: [AddedToken], recognizesSpecial: Bool = true
    ) -> [String] {
        let bytes = Array(text.utf8)
        return AddedTokenMatcher(tokens)
            .parts(of: bytes, 0..<bytes.count, recognizesSpecial: recognizesSpecial)
            .map { part in
                let text = String(decoding: bytes[part.range], as: UTF8.self)
                return part.token.map { "\($0)=\(text)" } ?? text
            }
    }

    @Test("the leftmost is found first, and of those the longest")
    func leftmostLongest() {
        let tokens = ["b", "abc", "ab", "abcde"].enumerated().map {
            AddedToken(id: TokenID($0.offset), text: $0.element, isSpecial: false)
        }
        #expect(Self.parts("xabcdxbabcdef", tokens) == ["x", "1=abc", "dx", "0=b", "3=abcde", "f"])
        #expect(Self.parts("", tokens) == [])
    }

    @Test("a token may take the white space beside it, or want none but that")
    func neighbours() {
        let left = AddedToken(id: 1, text: "<l>", isSpecial: true, stripsLeft: true)
        let right = AddedToken(id: 2, text: "<r>", isSpecial: true, stripsRight: true)
        let word = AddedToken(id: 3, text: "the", isSpecial: false, isSingleWord: true)
        let all = [left, right, word]
        #expect(Self.parts("a \u{3000}<l> b", all) == ["a", "1= \u{3000}<l>", " b"])
        #expect(Self.parts("a <r>\n\u{A0} b", all) == ["a ", "2=<r>\n\u{A0} ", "b"])
        #expect(Self.parts("<r> <l>", all) == ["2=<r> ", "1=<l>"])
        #expect(
            Self.parts("the then other the", all) == ["3=the", " then other ", "3=the"])
        #expect(Self.parts("éthe the世 _the the-", all) == ["éthe the世 _the ", "3=the", "-"])
    }

    @Test("special tokens in text are left alone on request")
    func specialTokensAreLeftAlone() throws {
        let tokenizer = try Fixture.tokenizer("qwen2")
        let text = "<|im_start|>user<think>"
        let start = try #require(tokenizer.id(ofSpecialToken: "<|im_start|>"))
        let recognized = tokenizer.encode(text, addSpecialTokens: false)
        let raw = tokenizer.encode(text, addSpecialTokens: false, recognizeSpecialTokens: false)
        #expect(recognized.first == start)
        #expect(!raw.contains(start))
        #expect(raw.last == recognized.last, "<think> is added, but not special")
        #expect(tokenizer.decode(raw, skipSpecialTokens: true) == text)
        #expect(tokenizer.decode(recognized, skipSpecialTokens: true) == "user<think>")
    }
}
