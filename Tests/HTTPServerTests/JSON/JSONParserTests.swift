import HTTPServer
import Testing

@Suite("JSON text") struct JSONParserTests {
    @Test(
        "valid texts parse to their values",
        arguments: [
            ("null", .null), (" true ", true), ("false", false), ("0", 0), ("-7", -7),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(0x1p63)), ("1.0", .number(1)), ("1e3", .number(1000)),
            ("-0", .number(-0.0)), ("1e400", .number(.infinity)), ("1e-400", .number(0)),
            (#""a\"\\\/\b\f\n\r\tü\u00fc""#, .string("a\"\\/\u{8}\u{c}\n\r\tüü")),
            (#""\ud83d\ude00""#, "😀"), (#""\ud83dx""#, "\u{FFFD}x"),
            (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\udc00""#, "\u{FFFD}"), (#""\u0000""#, "\0"),
            ("[]", []), ("[1,[2],{}]", [1, [2], [:]]),
            (#"{"a":1,"b":{"c":null}}"#, ["a": 1, "b": ["c": nil]]),
            (#"{"a":1,"b":2,"a":3}"#, ["a": 3, "b": 2]), ("\u{FEFF}1", 1),
        ] as [(String, JSONValue)])
    func parses(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "nul", "NaN", "Infinity", "-Infinity", "-", "+1", "01", "1.", ".5", "1e",
            "1e+", "0x1", "[1,]", "[1 2]", "[", "[1", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#,
            "{a:1}", "{1:1}", #"{"a":1"#, #"""#, #""\x""#, #""\u12"#, #""\u12g4""#, "\"\n\"",
            "\"\u{1}\"", "1 1", "'a'", "tru", "[1]]", "\u{0}",
        ])
    func refuses(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test("text that is not UTF-8 is refused") func refusesBadEncoding() {
        for bytes in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80]] as [[UInt8]] {
            let quote = UInt8(ascii: "\"")
            #expect(throws: JSONSyntaxError.self) {
                try JSONValue(parsing: [quote] + bytes + [quote])
            }
        }
    }

    @Test("nesting is bounded, so that no text overflows the stack") func boundsNesting() throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(deep.utf8)) }
        let allowed = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        _ = try JSONValue(parsing: Array(allowed.utf8))
    }

    @Test("no truncation and no flipped byte of a valid text makes the parser trap")
    func survivesDamage() throws {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",true,null],"b":{"c":""}}"#.utf8)
        for length in text.indices {
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text[..<length])) }
        }
        var random = SplitMix(seed: 1)
        for _ in 0..<20_000 {
            var damaged = text
            for _ in 0...random.next() % 3 {
                damaged[Int(random.next() % UInt64(text.count))] = UInt8(
                    truncatingIfNeeded: random.next())
            }
            _ = try? JSONValue(parsing: damaged)
        }
    }

    @Test("the members of an object with thousands of equal keys come out once")
    func deduplicates() throws {
        let text = "{" + (0..<20_000).map { "\"k\($0 % 7)\":\($0)" }.joined(separator: ",") + "}"
        guard case .object(let object) = try JSONValue(parsing: Array(text.utf8)) else {
            Issue.record("not an object")
            return
        }
        #expect(object.members.count == 7)
        #expect(object["k0"] == 19_999)
    }
}

@Suite("JSON writing") struct JSONWriterTests {
    @Test("every value parses back to itself from one line") func roundTrips() throws {
        let value: JSONValue = [
            "text": "line\nbreak\r\t\"quoted\" \\ \u{1} \u{7F} é 😀 \u{2028}", "empty": [:],
            "list": [1, -2, 2.5, true, nil, ["deep": []]],
        ]
        let bytes = value.encodedBytes
        #expect(!bytes.contains(0x0A) && !bytes.contains(0x0D))
        #expect(try JSONValue(parsing: bytes) == value)
    }

    @Test("single-precision numbers parse back to the same bits") func keepsFloats() throws {
        var random = SplitMix(seed: 2)
        for _ in 0..<50_000 {
            let number = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            guard number.isFinite else { continue }
            let bytes = JSONValue.number(Double(number)).encodedBytes
            guard case .number(let parsed) = try JSONValue(parsing: bytes) else {
                Issue.record("\(number) did not come back as a number")
                return
            }
            #expect(Float(parsed).bitPattern == number.bitPattern && parsed == Double(number))
        }
    }

    @Test("numbers that JSON lacks come out as null") func writesNoInfinity() {
        let values: JSONValue = [.number(.infinity), .number(-.infinity), .number(.nan)]
        #expect(values.encodedBytes == Array("[null,null,null]".utf8))
    }

    @Test("a growing array is written as an array is") func growsArrays() {
        var growing = GrowingJSONArray()
        #expect(growing.value.encodedBytes == Array("[]".utf8))
        for element in [1, "a", [2.5, nil]] as [JSONValue] { growing.append(element) }
        #expect(growing.value.encodedBytes == Array(#"[1,"a",[2.5,null]]"#.utf8))
    }
}
