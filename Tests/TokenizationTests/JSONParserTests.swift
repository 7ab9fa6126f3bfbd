import Testing

@testable import Tokenization

@Suite("JSON")
struct JSONParserTests {
    private static func parse(_ text: String) throws(TokenizerError) -> JSONValue {
        try JSONParser.parse(Array(text.utf8), file: "a.json")
    }

    @Test(
        "strings are read with their escapes",
        arguments: [
            (#""""#, ""), (#""a b""#, "a b"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u00e9\u0000x""#, "é\u{0}x"), (#""\ud83d\ude00""#, "😀"), ("\"é世😀\"", "é世😀"),
            (#""a\u0301b""#, "a\u{301}b"),
        ])
    func strings(json: String, expected: String) throws {
        guard case .string(let text) = try Self.parse(json) else {
            Issue.record("not a string")
            return
        }
        #expect(Array(text.utf8) == Array(expected.utf8))
    }

    @Test("numbers are integers where they can be")
    func numbers() throws {
        for (json, expected) in [("0", 0), ("-7", -7), ("9223372036854775807", Int.max)] {
            guard case .integer(expected) = try Self.parse(json) else {
                Issue.record("\(json)")
                continue
            }
        }
        for (json, expected) in [("0.5", 0.5), ("1e3", 1000), ("-2.5E-1", -0.25)] {
            guard case .number(expected) = try Self.parse(json) else {
                Issue.record("\(json)")
                continue
            }
        }
    }

    @Test("members keep their order, and keys that look alike stay apart")
    func membersKeepTheirOrder() throws {
        let object = JSONField("", try Self.parse("{ \"\u{e9}\": 1 , \"e\u{301}\":2,\"a\":[ ]}\n"))
        #expect(
            try object.members().map { Array($0.key.utf8) } == [
                [0xC3, 0xA9], [0x65, 0xCC, 0x81], [0x61],
            ])
    }

    @Test(
        "what is not JSON is an error with its place",
        arguments: [
            "", " ", "{", "[", "\"", "\"\\", "\"\\u12", "\"\\x\"", "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"", "\"\n\"", "tru", "nulll", "01", "-", "1.", ".5", "1e", "+1", "0x1",
            "NaN",
            "[1,]", "[1 2]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "{1:2}", "[1]]", "1 2", "'a'",
            "1e999",
            "[\"a\"", "{\"a\":", "\u{feff}1",
        ])
    func errors(json: String) {
        let error = #expect(throws: TokenizerError.self) { try Self.parse(json) }
        guard case .invalidJSON("a.json", _, _) = error else {
            Issue.record("\(json): \(String(describing: error))")
            return
        }
    }

    @Test("bytes that are not UTF-8 are an error")
    func invalidUTF8() {
        #expect(throws: TokenizerError.self) {
            try JSONParser.parse([0x22, 0xC3, 0x22], file: "a.json")
        }
        #expect(throws: TokenizerError.self) {
            try JSONParser.parse([0x22, 0x5C, 0x6E, 0xFF, 0x22], file: "a.json")
        }
    }

    @Test("a hundred and a million levels of nesting are refused, sixty are not")
    func nesting() throws {
        for count in [100, 1_000_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let json =
                    String(repeating: open, count: count) + "1"
                    + String(repeating: close, count: count)
                #expect(throws: TokenizerError.self) { try Self.parse(json) }
            }
        }
        _ = try Self.parse(String(repeating: "[", count: 60) + String(repeating: "]", count: 60))
    }
}
