import Foundation
import Synchronization
import Testing

@testable import JSON

@Suite("Limits of JSON")
struct JSONLimitTests {
    private static func nested(_ opening: String, _ closing: String, _ levels: Int) -> [UInt8] {
        Array(
            (String(repeating: opening, count: levels) + "1"
                + String(repeating: closing, count: levels)).utf8)
    }

    @Test(
        "nesting is followed to the limit, and refused at the level beyond it",
        arguments: [("[", "]"), (#"{"a":"#, "}")], [1, 64, JSONParsingOptions.depthLimit])
    func nesting(brackets: (opening: String, closing: String), depthMax: Int) throws {
        let options = JSONParsingOptions(depthMax: depthMax)
        _ = try JSONValue(
            parsing: Self.nested(brackets.opening, brackets.closing, depthMax), options)
        for levels in [depthMax + 1, 1_000_000] {
            let text = Self.nested(brackets.opening, brackets.closing, levels)
            let openings = levels * brackets.opening.utf8.count
            let error = JSONSyntaxError(
                problem: .tooDeep(levelsMax: depthMax),
                offset: depthMax * brackets.opening.utf8.count)
            #expect(throws: error) { try JSONValue(parsing: text, options) }
            #expect(throws: error) {
                try JSONValue(parsing: Array(text.prefix(openings)), options)
            }
        }
    }

    @Test("siblings do not count as levels")
    func siblings() throws {
        let text = "[" + String(repeating: "[],{},", count: 1000) + "[]]"
        _ = try JSONValue(parsing: Array(text.utf8), JSONParsingOptions(depthMax: 2))
    }

    @Test("the deepest value fits into a stack of 512 KiB, from its parsing to its end")
    func smallStack() {
        let survived = Mutex(false)
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            for (opening, closing) in [("[", "]"), (#"{"a":"#, "}")] {
                let text = Self.nested(opening, closing, JSONParsingOptions.depthLimit)
                let options = JSONParsingOptions(depthMax: JSONParsingOptions.depthLimit)
                let value = try? JSONValue(parsing: text, options)
                let again = try? JSONValue(parsing: text, options)
                survived.withLock { $0 = value == again && value?.encodedBytes == text }
            }
            done.signal()
        }
        thread.stackSize = 512 << 10
        thread.start()
        done.wait()
        #expect(survived.withLock { $0 })
    }

    @Test("more values than allowed are refused, wherever they are")
    func valueCount() throws {
        let options = JSONParsingOptions(valuesMax: 4)
        for text in ["[1,2,3]", #"{"a":1,"b":[2]}"#, "[[[[]]]]"] {
            _ = try JSONValue(parsing: Array(text.utf8), options)
        }
        for text in ["[1,2,3,4]", #"{"a":1,"b":[2,3]}"#, "[[[[[]]]]]"] {
            let error = #expect(throws: JSONSyntaxError.self) {
                try JSONValue(parsing: Array(text.utf8), options)
            }
            #expect(error?.problem == .tooManyValues(max: 4))
        }
        let many = "[" + String(repeating: "0,", count: 1 << 21) + "0]"
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONValue(parsing: Array(many.utf8))
        }
        #expect(error?.problem == .tooManyValues(max: 1 << 21))
    }

    @Test("numbers of a thousand digits are refused, as are those of a million")
    func longNumbers() throws {
        let max = JSONParsingOptions.numberBytesMax
        _ = try JSONValue(parsing: Array(repeating: UInt8(ascii: "1"), count: max))
        for count in [max + 1, 1000, 1_000_000] {
            for (start, rest) in [("", "1"), ("0.", "0"), ("1e", "0"), ("-", "9")] {
                let text = start + String(repeating: rest, count: count - start.utf8.count)
                let problem = JSONSyntaxError.Problem.numberTooLong(byteCount: count)
                #expect(throws: JSONSyntaxError(problem: problem, offset: 2)) {
                    try JSONValue(parsing: Array("[ \(text)]".utf8))
                }
            }
        }
    }
}
