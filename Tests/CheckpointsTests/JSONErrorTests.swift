import JSON
import Testing

@testable import Checkpoints

@Suite("JSON of checkpoints")
struct JSONErrorTests {
    private static func parse(_ text: String) throws(CheckpointError) -> JSONObject {
        let result = Array(text.utf8).withUnsafeBytes { bytes in
            Result { () throws(CheckpointError) in try JSONObject(parsing: bytes, file: "x") }
        }
        return try result.get()
    }

    @Test(
        "what is no JSON is refused with its place, with what was expected and what was found",
        arguments: [
            ("", "byte 0 of the JSON text: expected a value, found the end of the document"),
            ("nul", "byte 0 of the JSON text: expected a value, found 'n'"),
            ("1 2", "byte 2 of the JSON text: expected the end of the document, found '2'"),
            ("-", "byte 1 of the JSON text: expected a digit, found the end of the document"),
            ("1e999", "byte 0 of the JSON text: expected a number in range, found 1e999"),
            ("[1 2]", "byte 3 of the JSON text: expected ',' or ']', found '2'"),
            (#"{"a" 1}"#, "byte 5 of the JSON text: expected ':', found '1'"),
            (#"{"a":1,}"#, "byte 7 of the JSON text: expected a key, found '}'"),
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
            ("\u{FEFF}{}", "byte 0 of the JSON text: expected a value, found byte 0xef"),
            (
                String(repeating: "1", count: 1000),
                "byte 0 of the JSON text: expected a number, found 1000 characters"
            ),
            (
                String(repeating: #"{"a":"#, count: 1_000_000),
                "byte 320 of the JSON text: expected at most 64 levels, found more"
            ),
            ("[1]", "expected a JSON object, found an array"),
        ])
    func refused(text: String, message: String) {
        #expect { try Self.parse(text) } throws: { "\($0)" == "x: \(message)" }
    }

    @Test("more values than any checkpoint has are refused")
    func tooManyValues() {
        let many = "[" + String(repeating: "0,", count: 1 << 21) + "0]"
        #expect { try Self.parse(many) } throws: { "\($0)".contains("at most 2097152 values") }
    }

    @Test("what Python writes into configurations is read")
    func pythonNumbers() throws {
        #expect(
            try Self.parse(#"{"a":Infinity,"b":-Infinity,"c":"\ud83d"}"#)
                == ["a": .number(.infinity), "b": .number(-.infinity), "c": "\u{fffd}"])
    }
}
