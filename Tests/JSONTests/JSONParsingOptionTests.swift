import Testing

@testable import JSON

@Suite("What JSON is taken for which use")
struct JSONParsingOptionTests {
    private static func parse(
        _ text: String, _ options: JSONParsingOptions = JSONParsingOptions()
    ) throws(JSONSyntaxError) -> JSONValue {
        try JSONValue(parsing: Array(text.utf8), options)
    }

    private static func keys(_ value: JSONValue) -> [String] {
        guard case .object(let object) = value else { return [] }
        return object.members.map(\.key)
    }

    @Test("a repeated key is refused at its place, replaces the first, or is kept")
    func repeatedKeys() throws {
        let text = #"{"a":1,"b":2,"a":3}"#
        #expect(throws: JSONSyntaxError(problem: .repeatedKey("a"), offset: 13)) {
            try Self.parse(text)
        }
        let replaced = try Self.parse(text, JSONParsingOptions(repeatedKeys: .replaced))
        #expect(replaced == ["a": 3, "b": 2])
        #expect(Self.keys(replaced) == ["a", "b"])
        let kept = try Self.parse(text, JSONParsingOptions(repeatedKeys: .kept))
        #expect(Self.keys(kept) == ["a", "b", "a"])
        #expect(kept["a"] == 1)
    }

    @Test("repeated keys are told among thousands")
    func manyRepeatedKeys() throws {
        let members = (0..<20_000).map { "\"k\($0 % 7_000)\":\($0)" }
        let text = "{" + members.joined(separator: ",") + "}"
        let error = #expect(throws: JSONSyntaxError.self) { try Self.parse(text) }
        #expect(error?.problem == .repeatedKey("k0"))
        let replaced = try Self.parse(text, JSONParsingOptions(repeatedKeys: .replaced))
        #expect(Self.keys(replaced) == (0..<7_000).map { "k\($0)" })
        #expect(replaced["k0"] == 14_000 && replaced["k5999"] == 19_999)
        let kept = try Self.parse(text, JSONParsingOptions(repeatedKeys: .kept))
        #expect(Self.keys(kept).count == 20_000)
        #expect(kept["k0"] == 0 && kept["k6999"] == 6_999)
    }

    @Test("keys that look alike are different keys")
    func equivalentKeys() throws {
        let value = try Self.parse("{ \"\u{e9}\": 1 , \"e\u{301}\":2,\"a\":[ ]}\n")
        #expect(
            Self.keys(value).map { Array($0.utf8) } == [
                [0xC3, 0xA9], [0x65, 0xCC, 0x81], [0x61],
            ])
        #expect(value["\u{e9}"] == 1 && value["e\u{301}"] == 2)
    }

    @Test(
        "half a surrogate pair is refused, or becomes U+FFFD",
        arguments: [
            (#""\ud83dx""#, "\u{FFFD}x", 1), (#""\ud83d\u0041""#, "\u{FFFD}A", 1),
            (#""\udc00""#, "\u{FFFD}", 1), (#""\ud83d\n""#, "\u{FFFD}\n", 1),
            (#""\ud83d""#, "\u{FFFD}", 1), (#""a\ude00\ud83d""#, "a\u{FFFD}\u{FFFD}", 2),
            (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀", 1),
        ])
    func loneSurrogates(text: String, replaced: String, offset: Int) throws {
        #expect(throws: JSONSyntaxError(problem: .loneSurrogate, offset: offset)) {
            try Self.parse(text)
        }
        let options = JSONParsingOptions(loneSurrogates: .replaced)
        #expect(try Self.parse(text, options) == .string(replaced))
    }

    @Test("a number beyond the largest double is refused, or becomes infinite")
    func hugeNumbers() throws {
        let infinite = JSONParsingOptions(hugeNumbers: .infinite)
        let nines = String(repeating: "9", count: 250)
        for text in ["1e400", "1e999999999999999999999", "\(nines)e99"] {
            #expect(throws: JSONSyntaxError(problem: .numberOutOfRange(text), offset: 0)) {
                try Self.parse(text)
            }
            #expect(try Self.parse(text, infinite) == .number(.infinity))
            #expect(try Self.parse("-" + text, infinite) == .number(-.infinity))
        }
        #expect(try Self.parse("1e-999999999999999999999") == .number(0))
    }

    @Test("Python's NaN and Infinity are numbers only where that was asked for")
    func nonFiniteNumbers() throws {
        let options = JSONParsingOptions(allowsNonFiniteNumbers: true)
        #expect(try Self.parse("Infinity", options) == .number(.infinity))
        #expect(try Self.parse("-Infinity", options) == .number(-.infinity))
        guard case .number(let number) = try Self.parse("NaN", options) else {
            Issue.record("not a number")
            return
        }
        #expect(number.isNaN)
        for text in ["NaN", "Infinity", "-Infinity"] {
            #expect(throws: JSONSyntaxError.self) { try Self.parse(text) }
        }
        for text in ["-NaN", "nan", "Inf", "-Inf", "+Infinity", "Infinityy"] {
            #expect(throws: JSONSyntaxError.self) { try Self.parse(text, options) }
        }
    }

    @Test("a byte order mark may begin a text only where that was asked for")
    func byteOrderMark() throws {
        #expect(throws: JSONSyntaxError.self) { try Self.parse("\u{FEFF}1") }
        let options = JSONParsingOptions(allowsByteOrderMark: true)
        #expect(try Self.parse("\u{FEFF}1", options) == 1)
        for text in ["\u{FEFF}", "\u{FEFF}\u{FEFF}1", " \u{FEFF}1"] {
            #expect(throws: JSONSyntaxError.self) { try Self.parse(text, options) }
        }
    }
}
