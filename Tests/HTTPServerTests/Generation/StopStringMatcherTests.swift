import HTTPServer
import SeededRandom
import Testing

@Suite("Stop strings") struct StopStringMatcherTests {
    @Test("text passes at once unless it may be part of a stop string") func holdsBack() {
        var matcher = StopStringMatcher(stopStrings: ["END", "###"])
        #expect(matcher.append("Hello") == .init(text: "Hello", matched: nil))
        #expect(matcher.append(" E") == .init(text: " ", matched: nil))
        #expect(matcher.append("N") == .init(text: "", matched: nil))
        #expect(matcher.append("T") == .init(text: "ENT", matched: nil))
        #expect(matcher.append("#") == .init(text: "", matched: nil))
        #expect(matcher.append("#x##") == .init(text: "##x", matched: nil))
        #expect(matcher.append("#!") == .init(text: "", matched: "###"))
    }

    @Test("what was held back comes out at the end") func finishes() {
        var matcher = StopStringMatcher(stopStrings: ["\n\n"])
        #expect(matcher.append("a\n").text == "a")
        #expect(matcher.finish() == "\n")
    }

    @Test("a stop string that ends while stopping is not allowed passes") func mayNotStop() {
        var matcher = StopStringMatcher(stopStrings: ["aa"])
        #expect(matcher.append("aa", mayStop: false) == .init(text: "a", matched: nil))
        #expect(matcher.append("a") == .init(text: "", matched: "aa"))
    }

    @Test("a match does not depend on how the text was cut, and is the first there is")
    func agreesWithSearch() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let alphabet = ["a", "b", "é", "😀"]
        for _ in 0..<20_000 {
            let text = Self.text(length: 0...24, alphabet: alphabet, &random)
            let stops = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                Self.text(length: 1...4, alphabet: alphabet, &random)
            }
            let expected = Self.search(text, stops)
            let actual = Self.match(text, stops, &random)
            #expect(
                actual == expected, "seed \(seed), text \(text), stop strings \(stops)")
        }
    }

    private static func text(
        length: ClosedRange<Int>, alphabet: [String], _ random: inout SeededGenerator
    ) -> String {
        (0..<Int.random(in: length, using: &random)).map { _ in
            alphabet.randomElement(using: &random) ?? ""
        }.joined()
    }

    /// The text before the stop string that ends first, the longest of several.
    private static func search(_ text: String, _ stops: [String]) -> StopStringMatcher.Outcome {
        let bytes = Array(text.utf8)
        for end in 0...bytes.count {
            let found = stops.filter { bytes[..<end].reversed().starts(with: $0.utf8.reversed()) }
            if let longest = found.max(by: { $0.utf8.count < $1.utf8.count }) {
                let text = String(decoding: bytes[..<(end - longest.utf8.count)], as: UTF8.self)
                return .init(text: text, matched: longest)
            }
        }
        return .init(text: text, matched: nil)
    }

    /// What the matcher makes of the text in random pieces; no piece may hold half a match.
    private static func match(
        _ text: String, _ stops: [String], _ random: inout SeededGenerator
    ) -> StopStringMatcher.Outcome {
        var matcher = StopStringMatcher(stopStrings: stops)
        var passed = ""
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...4, using: &random))
            rest = rest.dropFirst(piece.count)
            let outcome = matcher.append(String(String.UnicodeScalarView(piece)))
            passed += outcome.text
            if outcome.matched != nil { return .init(text: passed, matched: outcome.matched) }
        }
        return .init(text: passed + matcher.finish(), matched: nil)
    }
}
