import SeededRandom
import Testing

@testable import JSON

@Suite("Parsing JSON")
struct JSONParserTests {
    @Test(
        "every kind of value is read",
        arguments: [
            ("null", .null), (" true ", true), ("false", false), ("\t\r\n 1 \n", 1),
            ("0", 0), ("-7", -7), ("-12", -12), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(0x1p63)),
            ("-9223372036854775809", .number(-0x1p63)), ("1.0", .number(1)), ("0.5", 0.5),
            ("1e3", .number(1000)), ("2E-2", 0.02), ("-2.5E-1", -0.25), ("1E+2", .number(100)),
            ("1e-400", .number(0)), ("[]", []), ("{}", [:]), ("[ ]", []), ("{ }", [:]),
            ("[1, [2], {}]\n", [1, [2], [:]]),
            (#"{"a": {"b": null}, "": 1}"#, ["a": ["b": nil], "": 1]),
        ] as [(String, JSONValue)])
    func values(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    }

    @Test("zero keeps its sign", arguments: ["-0", "-0.0", "-0e1", "-1e-400"])
    func negativeZero(text: String) throws {
        guard case .number(let number) = try JSONValue(parsing: Array(text.utf8)) else {
            Issue.record("not a number")
            return
        }
        #expect(number == 0 && number.sign == .minus)
    }

    @Test(
        "strings are read with their escapes, byte for byte",
        arguments: [
            (#""""#, ""), (#""a b""#, "a b"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\u00E9\u0000x""#, "Aéé\u{0}x"), (#""\ud83d\ude00""#, "😀"),
            ("\"é世😀Ġ\u{7F}\"", "é世😀Ġ\u{7F}"), (#""a\u0301b""#, "a\u{301}b"),
            (#""\uffff""#, "\u{FFFF}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
        ])
    func strings(text: String, expected: String) throws {
        guard case .string(let string) = try JSONValue(parsing: Array(text.utf8)) else {
            Issue.record("not a string")
            return
        }
        #expect(Array(string.utf8) == Array(expected.utf8))
    }

    @Test("a long text comes back as it was")
    func longText() throws {
        let pairs = (0..<20_000).map { "\"token \($0) é\\n\":\($0)" }
        let value = try JSONValue(parsing: Array("{\(pairs.joined(separator: " , "))}".utf8))
        guard case .object(let object) = value else {
            Issue.record("not an object")
            return
        }
        #expect(object.members.map(\.key) == (0..<20_000).map { "token \($0) é\n" })
        #expect(object.members.map(\.value) == (0..<20_000).map { .integer($0) })
        #expect((0..<20_000).allSatisfy { object["token \($0) é\n"] == .integer($0) })
    }

    @Test(
        "what is no JSON is refused with its place",
        arguments: [
            ("", nil, .value, 0), (" ", nil, .value, 1), ("nul", "n", .value, 0),
            ("tru", "t", .value, 0), ("nulll", "l", .end, 4), ("NaN", "N", .value, 0),
            ("Infinity", "I", .value, 0), ("-Infinity", "I", .digit, 1), ("'a'", "'", .value, 0),
            ("\u{0}", "\0", .value, 0), ("-", nil, .digit, 1), ("+1", "+", .value, 0),
            ("01", "1", .end, 1), ("-01", "1", .end, 2), ("1.", nil, .digit, 2),
            (".5", ".", .value, 0), ("1.e1", "e", .digit, 2), ("1e", nil, .digit, 2),
            ("1e+", nil, .digit, 3), ("1e+-1", "-", .digit, 3), ("0x1", "x", .end, 1),
            ("1 2", "2", .end, 2), ("[1]]", "]", .end, 3), ("[", nil, .value, 1),
            ("[1", nil, .commaOrBracket, 2), ("[1,", nil, .value, 3), ("[1,]", "]", .value, 3),
            ("[1 2]", "2", .commaOrBracket, 3), ("[,1]", ",", .value, 1),
            ("[\"a\"", nil, .commaOrBracket, 4), ("[1}", "}", .commaOrBracket, 2),
            ("{", nil, .key, 1), ("{]", "]", .key, 1), ("{a:1}", "a", .key, 1),
            ("{1:1}", "1", .key, 1), (#"{"a"}"#, "}", .colon, 4), (#"{"a" 1}"#, "1", .colon, 5),
            (#"{"a":"#, nil, .value, 5), (#"{"a":}"#, "}", .value, 5),
            (#"{"a":1"#, nil, .commaOrBrace, 6), (#"{"a":1,}"#, "}", .key, 7),
            (#"{"a":1]"#, "]", .commaOrBrace, 6), (#"""#, nil, .closingQuote, 1),
            (#""a"#, nil, .closingQuote, 2), (#""\"#, nil, .escape, 2),
            (#""\x""#, "x", .escape, 2), (#""\u12"#, nil, .hexadecimalDigits, 5),
            (#""\u12g4""#, "g", .hexadecimalDigits, 5),
            (#""\ud83d\u12g4""#, "g", .hexadecimalDigits, 11),
            ("\"a\nb\"", "\n", .plainCharacter, 2), ("\"\u{1}\"", "\u{1}", .plainCharacter, 1),
        ] as [(String, Unicode.Scalar?, JSONSyntaxError.Expectation, Int)])
    func refused(
        text: String, found: Unicode.Scalar?, expected: JSONSyntaxError.Expectation, offset: Int
    ) {
        let problem = JSONSyntaxError.Problem.unexpected(
            found.map { UInt8(ascii: $0) }, expected: expected)
        #expect(throws: JSONSyntaxError(problem: problem, offset: offset)) {
            try JSONValue(parsing: Array(text.utf8))
        }
    }

    @Test("a byte outside ASCII where no string is, is refused")
    func strayBytes() {
        for byte in [0x80, 0xC3, 0xEF, 0xFF] as [UInt8] {
            let problem = JSONSyntaxError.Problem.unexpected(byte, expected: .value)
            #expect(throws: JSONSyntaxError(problem: problem, offset: 1)) {
                try JSONValue(parsing: [UInt8(ascii: "["), byte])
            }
        }
    }

    @Test(
        "a string that is not UTF-8 is refused",
        arguments: [
            [0xFF], [0xC3], [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0x5C, 0x6E, 0xFF], [0xC3, 0x5C, 0x6E, 0xA9],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let string = [quote] + bytes + [quote]
        for text in [string, Array("[".utf8) + string, Array("{".utf8) + string] {
            let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
            #expect(error?.problem == .invalidUTF8)
        }
    }

    @Test("no truncation and no flipped byte of a valid text makes the parser trap")
    func survivesDamage() throws {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",true,null],"b":{"c":""}}"#.utf8)
        for length in text.indices {
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text[..<length])) }
        }
        let lenient = JSONParsingOptions(
            repeatedKeys: .replaced, loneSurrogates: .replaced, hugeNumbers: .infinite,
            allowsNonFiniteNumbers: true, allowsByteOrderMark: true)
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            var damaged = text
            for _ in 0...random.next() % 3 {
                damaged[Int(random.next() % UInt64(text.count))] = UInt8(
                    truncatingIfNeeded: random.next())
            }
            let strict = try? JSONValue(parsing: damaged)
            // What the strict parser takes, the lenient one takes for the same.
            if let strict { #expect(try JSONValue(parsing: damaged, lenient) == strict) }
            _ = try? JSONValue(parsing: damaged, lenient)
        }
    }
}
