import Testing

@testable import Tokenization

@Suite("The least number of tokens of a text")
struct TokenCountBoundTests {
    @Test("no hard string has fewer tokens", arguments: Fixture.families)
    func boundHolds(family: String) throws {
        let tokenizer = try Fixture.tokenizer(family)
        for strings in try HardStrings.all() {
            for text in strings.strings {
                let count = tokenizer.encode(text, addSpecialTokens: false).count
                #expect(tokenizer.tokenCountMin(of: text) <= count, "\(text.debugDescription)")
            }
        }
    }

    @Test("text that form C shrinks has as few tokens as are left of it")
    func composedText() throws {
        let tokenizer = try Fixture.tokenizer("qwen2")
        // Nine bytes that form C makes three of.
        for unit in ["\u{2126}\u{313}\u{300}\u{345}", "\u{1112}\u{1161}\u{11AB}", "A\u{30A}"] {
            let text = String(repeating: unit, count: 500)
            let count = tokenizer.encode(text, addSpecialTokens: false).count
            #expect(tokenizer.tokenCountMin(of: text) <= count)
        }
    }

    @Test("a long text has many tokens") func longText() throws {
        let tokenizer = try Tokenizer(.bytes())
        #expect(tokenizer.tokenCountMin(of: String(repeating: " ", count: 1000)) == 1000)
        #expect(tokenizer.tokenCountMin(of: "") == 0)
        // Most vocabularies lack bytes that UTF-8 has no use for; this one lacks more.
        var vocabulary = GGUFVocabulary.bytes()
        vocabulary.tokens.removeLast(100)
        let lacking = try Tokenizer(vocabulary)
        let text = String(repeating: "aé", count: 1000)
        #expect(lacking.encode(text, addSpecialTokens: false).count == 1000)
        #expect(lacking.tokenCountMin(of: text) == 1000)
        // Its added tokens swallow the space around them.
        let swallowing = try Fixture.tokenizer("options")
        #expect(swallowing.tokenCountMin(of: String(repeating: " ", count: 1000)) == 0)
    }

    @Test("encoding stops when there are enough tokens, and what it gives is the beginning")
    func stops() throws {
        let tokenizer = try Fixture.tokenizer("llama3")
        let text = String(repeating: "one two<|eot_id|> three\n\n", count: 1000)
        let all = tokenizer.encode(text, addSpecialTokens: true)
        for enough in [0, 1, 10, 999, all.count, .max] {
            let some = tokenizer.encode(text, addSpecialTokens: true, enough: enough)
            #expect(some.count >= min(enough, all.count))
            #expect(some.count <= enough.addingReportingOverflow(10).partialValue || enough == .max)
            #expect(all.starts(with: some))
        }
    }
}
