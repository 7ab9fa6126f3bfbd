import PipelineTypes
import SeededRandom
import Testing

@testable import Tokenization

@Suite("Encoding and decoding random text")
struct RoundTripTests {
    private static let alphabet: [Character] = Array(
        "aabcdetheo  \n\t\r.,'!<>|_09éßñΩжא世界한กिक😀\u{200D}\u{0}\u{301}\u{FFFD}\u{85}\u{A0}\u{3000}")

    private static func text(_ generator: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...60, using: &generator) {
            if Int.random(in: 0..<8, using: &generator) == 0 {
                let value = UInt32.random(in: 0...0x10FFFF, using: &generator)
                text.unicodeScalars.append(Unicode.Scalar(value) ?? "x")
            } else {
                text.append(alphabet.randomElement(using: &generator) ?? "a")
            }
        }
        return text
    }

    @Test("text comes back as it went in", arguments: ["gpt2", "llama3", "deepseek-v3"])
    func textComesBack(family: String) throws {
        let tokenizer = try Fixture.tokenizer(family)
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let text = Self.text(&generator)
            let tokens = tokenizer.encode(
                text, addSpecialTokens: false,
                recognizeSpecialTokens: Bool.random(using: &generator))
            let decoded = tokenizer.decode(tokens, skipSpecialTokens: false)
            #expect(Array(decoded.utf8) == Array(text.utf8), "seed \(seed)")
            let pieces = incrementalText(tokenizer, tokens, skipSpecialTokens: false)
            #expect(Array(pieces.utf8) == Array(text.utf8), "seed \(seed)")
        }
    }

    @Test("any ids decode, and piece by piece to the same text", arguments: Fixture.families)
    func anyIDsDecode(family: String) throws {
        let tokenizer = try Fixture.tokenizer(family)
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let limit = Bool.random(using: &generator) ? 300 : UInt32(tokenizer.vocabularySize + 9)
            let tokens = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                TokenID.random(in: 0..<limit, using: &generator)
            }
            let skips = Bool.random(using: &generator)
            let text = tokenizer.decode(tokens, skipSpecialTokens: skips)
            let pieces = incrementalText(tokenizer, tokens, skipSpecialTokens: skips)
            #expect(Array(pieces.utf8) == Array(text.utf8), "seed \(seed)")
        }
    }

    @Test("a character comes out with the last of its bytes, and not before")
    func charactersComeOutWhole() throws {
        let tokenizer = try Tokenizer(.bytes())
        var detokenizer = IncrementalDetokenizer(tokenizer: tokenizer, skipSpecialTokens: true)
        let pieces = Array("é世😀a".utf8).map { detokenizer.append(TokenID($0)) }
        #expect(pieces == ["", "é", "", "", "世", "", "", "", "😀", "a"])
        #expect(detokenizer.finish() == "")
    }

    @Test("bytes that cannot become a character come out as soon as that is certain")
    func hopelessBytesComeOut() throws {
        let tokenizer = try Tokenizer(.bytes())
        var detokenizer = IncrementalDetokenizer(tokenizer: tokenizer, skipSpecialTokens: true)
        #expect(detokenizer.append(0xE4) == "")
        #expect(detokenizer.append(0xB8) == "")
        #expect(detokenizer.append(0x41) == "\u{FFFD}A")
        #expect(detokenizer.append(0xFF) == "\u{FFFD}")
        #expect(detokenizer.append(0xF0) == "")
        #expect(detokenizer.finish() == "\u{FFFD}")
        #expect(detokenizer.finish() == "")
    }

    @Test("ids that the vocabulary does not have stand for nothing")
    func unknownIDs() throws {
        let tokenizer = try Tokenizer(.bytes())
        #expect(tokenizer.bytes(of: 256) == [])
        #expect(tokenizer.text(of: TokenID.max) == "")
        #expect(tokenizer.decode([72, 9999, 105, TokenID.max], skipSpecialTokens: true) == "Hi")
    }
}
