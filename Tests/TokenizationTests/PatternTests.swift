import Testing

@testable import Tokenization

@Suite("Patterns")
struct PatternTests {
    @Test("classes of characters hold exactly the characters that the reference has in them")
    func classesAreTheReferences() throws {
        let table = try Fixture.decoded([String: [UInt32]].self, "categories.json")
        #expect(table.count == 17)
        let scalars = (UInt32(0)..<0x11_0000).compactMap(Unicode.Scalar.init)
        let text = scalars.flatMap { Array(String($0).utf8) }
        for (name, bounds) in table {
            let source =
                name == "Digits" ? PatternTranslation.digit : try PatternTranslation.translate(name)
            let runs = try Self.runs(of: Pattern("(?:\(source))+"), in: text)
            // The reference's runs end where its pieces do, which is before the surrogates too.
            #expect(Self.merged(runs) == Self.merged(Self.ranges(bounds)), "\(name)")
        }
    }

    private static func ranges(_ bounds: [UInt32]) -> [ClosedRange<UInt32>] {
        stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]...bounds[$0 + 1] }
    }

    private static func runs(of pattern: Pattern, in text: [UInt8]) -> [ClosedRange<UInt32>] {
        let scratch = MatchScratch()
        var runs: [ClosedRange<UInt32>] = []
        var position = 0
        while let match = pattern.firstMatch(in: text, position..<text.count, scratch: scratch) {
            let run = String(decoding: text[match], as: UTF8.self).unicodeScalars
            runs.append((run.first?.value ?? 0)...(run.last?.value ?? 0))
            position = match.upperBound
        }
        return runs
    }

    private static func merged(_ runs: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        runs.reduce(into: []) { merged, run in
            if let last = merged.last, last.upperBound + 1 == run.lowerBound {
                merged[merged.count - 1] = last.lowerBound...run.upperBound
            } else {
                merged.append(run)
            }
        }
    }

    @Test(
        "what Oniguruma and PCRE2 read differently is refused by name",
        arguments: [
            ("^a", "the anchor ^"), ("a$", "the anchor $"), (#"\bfoo"#, #"the escape sequence \b"#),
            (#"\w+"#, #"the escape sequence \w"#), (#"\h"#, #"the escape sequence \h"#),
            (#"(?<=a)b"#, "the group (?<="), ("(*ACCEPT)", "the group (*AC"),
            ("[a&&b]", "an intersection of classes"), ("[a[b]]", "a class inside a class"),
            ("[]a]", "an empty class"), ("[ab", "a class does not end"),
            (#"\p{Greek}"#, "the property Greek"), (#"\p{^L}"#, "the property ^L"),
            (#"[\P{L}]"#, #"the escape sequence \P"#), (#"[\S]"#, #"the escape sequence \S"#),
            ("a{,3}", "the interval {,3}"), ("a{2}+", "the interval {2}"),
            (#"\xE9"#, "a code point E9"), (#"\1"#, #"the escape sequence \1"#),
            ("a{", "a brace that is not an interval"), ("a\\", "a backslash at the end"),
            (#"\p{L"#, "a property without a name"), (#"\x{110000}"#, "a code point 110000"),
        ])
    func differencesAreRefused(pattern: String, reason: String) {
        #expect(throws: TokenizerError.invalidPattern(pattern, reason: reason)) {
            try PatternTranslation.translate(pattern)
        }
    }

    @Test(
        "a pattern that does not compile, or matches nothing at all, is an error",
        arguments: ["(a", "a)", "*", "a*", "a|", "(?=a)", "[b-a]", "", "a{9999999999}"])
    func unusablePatternsAreErrors(pattern: String) {
        #expect(throws: TokenizerError.self) {
            try Pattern(PatternTranslation.translate(pattern))
        }
    }

    @Test("escapes that the dialects share or that are rewritten match what they say")
    func escapesMatch() throws {
        let pattern = try Pattern(
            PatternTranslation.translate(#"\x41\u00e9[\x{1F600}\-\]\v].\d{2,}?(?i:K)(\r|\n)"#))
        let scratch = MatchScratch()
        let text = Array("--Aé😀x123\u{212A}\r".utf8)
        #expect(
            pattern.firstMatch(in: text, 0..<text.count, scratch: scratch) == 2..<text.count)
        let other = Array("Aé\u{B}\n12K\n".utf8)
        #expect(pattern.firstMatch(in: other, 0..<other.count, scratch: scratch) == nil)
    }

    @Test("the pattern does not see beyond the range that it searches")
    func rangesBoundTheSearch() throws {
        let pattern = try Pattern(PatternTranslation.translate(#"\s+(?!\S)"#))
        let scratch = MatchScratch()
        let text = Array("a  b".utf8)
        #expect(pattern.firstMatch(in: text, 0..<4, scratch: scratch) == 1..<2)
        #expect(pattern.firstMatch(in: text, 0..<3, scratch: scratch) == 1..<3)
    }

    @Test("a pattern that explodes gives up and leaves the text whole", .timeLimit(.minutes(1)))
    func explodingPatternsGiveUp() throws {
        let pattern = try Pattern(PatternTranslation.translate("(?:[ab]+c?)+(?:d|e)"))
        let split = PreTokenizer.Split(pattern)
        let text = Array(String(repeating: "ab", count: 40).utf8)
        let pieces = PreTokenizer(splits: [split]).pieces(
            of: text, 0..<text.count, scratch: MatchScratch())
        #expect(pieces == [0..<text.count])
    }
}
