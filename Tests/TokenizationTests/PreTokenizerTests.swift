import Testing

@testable import Tokenization

@Suite("Pre-tokenizers")
struct PreTokenizerTests {
    private static func pieces(_ text: String, _ preTokenizer: PreTokenizer) -> [String] {
        let bytes = Array(text.utf8)
        return preTokenizer.pieces(of: bytes, 0..<bytes.count, scratch: MatchScratch())
            .map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test(
        "each family cuts numbers, words and white space in its own way",
        arguments: [
            ("gpt-2", ["I", "'ll", " pay", " 12345", "  ", " EUR", "!", "\n\n"]),
            (
                "smollm",
                ["I", "'ll", " pay", " ", "1", "2", "3", "4", "5", "  ", " EUR", "!", "\n\n"]
            ),
            ("llama-bpe", ["I", "'ll", " pay", " ", "123", "45", "  ", " EUR", "!\n\n"]),
            (
                "qwen2",
                ["I", "'ll", " pay", " ", "1", "2", "3", "4", "5", "  ", " EUR", "!\n\n"]
            ),
            ("deepseek-v3", ["I", "'ll", " pay", " ", "123", "45", "  ", " EUR", "!\n\n"]),
            ("default", ["I", "'", "ll", " pay", " ", "123", "45", "  ", " EUR", "!", "\n\n"]),
        ])
    func familiesCutInTheirOwnWay(name: String, expected: [String]) throws {
        let preTokenizer = try PreTokenizerFamily(ggufName: name).preTokenizer()
        #expect(Self.pieces("I'll pay 12345   EUR!\n\n", preTokenizer) == expected)
    }

    @Test(
        "a behavior says what becomes of a match",
        arguments: [
            (PreTokenizer.Behavior.removed, false, ["the", "final", "countdown"]),
            (.isolated, false, ["the", "-", "final", "-", "-", "countdown"]),
            (.mergedWithPrevious, false, ["the-", "final-", "-", "countdown"]),
            (.mergedWithNext, false, ["the", "-final", "-", "-countdown"]),
            (.contiguous, false, ["the", "-", "final", "--", "countdown"]),
            (.removed, true, ["-", "-", "-"]),
            (.isolated, true, ["the", "-", "final", "-", "-", "countdown"]),
        ])
    func behaviors(behavior: PreTokenizer.Behavior, isInverted: Bool, expected: [String]) throws {
        let split = PreTokenizer.Split(
            try Pattern(PatternTranslation.literal("-")), behavior, isInverted: isInverted)
        #expect(
            Self.pieces("the-final--countdown", PreTokenizer(splits: [split])) == expected)
    }

    @Test("an empty text has no pieces")
    func emptyText() throws {
        #expect(Self.pieces("", try PreTokenizerFamily.qwen2.preTokenizer()) == [])
    }
}
