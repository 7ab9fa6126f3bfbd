import Testing

@testable import Checkpoints

@Suite("JSON")
struct JSONParserTests {
    private static func parse(_ text: String) throws(CheckpointError) -> JSONValue {
        try parse(Array(text.utf8))
    }

    private static func parse(_ bytes: [UInt8]) throws(CheckpointError) -> JSONValue {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(CheckpointError) in try JSONParser.value(bytes, file: "x") }
        }
        return try result.get()
    }

    @Test(
        "every kind of value is read",
        arguments: [
            ("null", .null), (" true ", .boolean(true)), ("false", .boolean(false)),
            ("0", .integer(0)), ("-12", .integer(-12)), ("1.5", .number(1.5)),
            ("1e3", .number(1000)), ("2E-2", .number(0.02)), ("-0.0", .number(0)),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(0x1p63)),
            ("Infinity", .number(.infinity)), ("-Infinity", .number(-.infinity)),
            (#""""#, .string("")), (#""Ġthe 🙂""#, .string("Ġthe 🙂")),
            (#""\"\\\/\b\f\n\r\t\u0041""#, .string("\"\\/\u{8}\u{c}\n\r\tA")),
            (#""\ud83d\ude42 \ud83d \ude42""#, .string("🙂 \u{fffd} \u{fffd}")),
            (#""\ud83dA""#, .string("\u{fffd}A")),
            ("[]", .array([])), ("{}", .object([:])),
            ("[1, [2], {}]\n", .array([.integer(1), .array([.integer(2)]), .object([:])])),
            (
                #"{"a": {"b": null}, "": 1}"#,
                .object(["a": .object(["b": .null]), "": .integer(1)])
            ),
        ] as [(String, JSONValue)])
    func values(text: String, value: JSONValue) throws {
        #expect(try Self.parse(text) == value)
    }

    @Test(
        "what is no JSON is refused with its place",
        arguments: [
            ("", "byte 0 of the JSON text: expected a value, found the end of the document"),
            ("nul", "byte 0 of the JSON text: expected a value, found 'n'"),
            ("1 2", "byte 2 of the JSON text: expected the end of the document, found '2'"),
            ("01", "byte 1 of the JSON text: expected the end of the document, found '1'"),
            ("-", "byte 1 of the JSON text: expected a digit, found the end of the document"),
            ("1.", "byte 2 of the JSON text: expected a digit, found the end of the document"),
            ("1e+", "byte 3 of the JSON text: expected a digit, found the end of the document"),
            ("+1", "byte 0 of the JSON text: expected a value, found '+'"),
            ("1e999", "byte 0 of the JSON text: expected a number in range, found 1e999"),
            ("[1,]", "byte 3 of the JSON text: expected a value, found ']'"),
            ("[1 2]", "byte 3 of the JSON text: expected ',' or ']', found '2'"),
            ("[", "byte 1 of the JSON text: expected a value, found the end of the document"),
            (#"{"a" 1}"#, "byte 5 of the JSON text: expected ':', found '1'"),
            (#"{"a":1,}"#, "byte 7 of the JSON text: expected a key, found '}'"),
            (#"{a:1}"#, "byte 1 of the JSON text: expected a key, found 'a'"),
            (
                #"{"a":1,"a":2}"#,
                "byte 7 of the JSON text: expected each key once, found another \"a\""
            ),
            (#"""#, "byte 1 of the JSON text: expected '\"', found the end of the document"),
            (#""\x""#, "byte 2 of the JSON text: expected an escape, found 'x'"),
            (#""\u12G4""#, "byte 5 of the JSON text: expected four hexadecimal digits, found 'G'"),
            (
                "\"a\nb\"",
                "byte 2 of the JSON text: expected a string without control characters, "
                    + "found '\\u{a}'"
            ),
            ("é", "byte 0 of the JSON text: expected a value, found byte 0xc3"),
        ])
    func refused(text: String, message: String) {
        #expect { try Self.parse(text) } throws: { "\($0)" == "x: \(message)" }
    }

    @Test("bytes that are not UTF-8 are refused")
    func invalidUTF8() {
        #expect(throws: CheckpointError.self) { try Self.parse([0x22, 0xff, 0x22]) }
        #expect(throws: CheckpointError.self) { try Self.parse([0x22, 0xed, 0xa0, 0x80, 0x22]) }
    }

    @Test("nesting a million deep is refused, not followed")
    func deepNesting() throws {
        for opening in ["[", #"{"a":"#] {
            let deep = String(repeating: opening, count: 1_000_000)
            #expect(throws: CheckpointError.self) { try Self.parse(deep) }
        }
        let levels = JSONParser.depthMax
        let allowed = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        #expect(throws: Never.self) { try Self.parse(allowed) }
    }

    @Test("more values than any checkpoint has, and numbers of a thousand digits, are refused")
    func absurdSizes() {
        let many = "[" + String(repeating: "0,", count: JSONParser.valuesMax) + "0]"
        #expect { try Self.parse(many) } throws: { "\($0)".contains("at most 2097152 values") }
        #expect { try Self.parse(String(repeating: "1", count: 1000)) } throws: {
            "\($0)" == "x: byte 0 of the JSON text: expected a number, found 1000 characters"
        }
    }
}
