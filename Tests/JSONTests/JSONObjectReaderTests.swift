import SeededRandom
import Testing

@testable import JSON

@Suite("Reading a JSON object member by member")
struct JSONObjectReaderTests {
    @Test("members come in order, and elements one by one")
    func members() throws {
        let text = #" { "a" : 1 , "list":[ {"x":[]}, 2 ,null], "empty":[ ],"b":{"c":"d"} } "#
        var reader = try JSONObjectReader(Array(text.utf8))
        #expect(try reader.nextKey() == "a")
        let isArray = reader.beginArray()
        #expect(!isArray)
        #expect(try reader.value() == 1)
        #expect(try reader.nextKey() == "list")
        let isList = reader.beginArray()
        #expect(isList)
        #expect(try reader.nextElement() == ["x": []])
        #expect(try reader.nextElement() == 2)
        #expect(try reader.nextElement() == .null)
        #expect(try reader.nextElement() == nil)
        #expect(try reader.nextKey() == "empty")
        let isEmptyList = reader.beginArray()
        #expect(isEmptyList)
        #expect(try reader.nextElement() == nil)
        #expect(try reader.nextKey() == "b")
        #expect(try reader.value() == ["c": "d"])
        #expect(try reader.nextKey() == nil)
    }

    @Test("a member that comes again is refused, as the parser refuses it")
    func repeatedKeys() throws {
        let text = Array(#"{"a":[],"b":1,"a":2}"#.utf8)
        let refusal = #expect(throws: JSONSyntaxError.self) { try read(text, .init()) }
        #expect(refusal == JSONSyntaxError(problem: .repeatedKey("a"), offset: 14))
        #expect(refusal == #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) })
    }

    @Test("it takes what the parser takes, and refuses the rest at the same place")
    func sameAsParser() {
        let seedText = Array(#"{"a":[1,{"b":"c"},[]],"d":{"e":2.5},"f":[],"g":null}"#.utf8)
        for seed in UInt64(0)..<20_000 {
            var random = SeededGenerator(seed: seed)
            var bytes = seedText
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(bytes[bytes.count - 1 - place], at: place)
                default: bytes[place] = bytes[Int.random(in: 0..<bytes.count, using: &random)]
                }
            }
            let options = JSONParsingOptions(repeatedKeys: .kept)
            let whole = Result { () throws(JSONSyntaxError) in
                try JSONValue(parsing: bytes, options)
            }
            let parts = Result { () throws(JSONSyntaxError) in try read(bytes, options) }
            if case .failure = whole, bytes.first != UInt8(ascii: "{") {
                // The parser looks for any value.
                guard case .failure = parts else {
                    Issue.record("seed \(seed)")
                    continue
                }
            } else if case .success(let value) = whole, case .object = value {
                #expect(parts == whole, "seed \(seed)")
            } else if case .failure = whole {
                #expect(parts == whole, "seed \(seed)")
            }
        }
    }

    private func read(
        _ bytes: [UInt8], _ options: JSONParsingOptions
    ) throws(JSONSyntaxError) -> JSONValue {
        var reader = try JSONObjectReader(bytes, options)
        var object = JSONObject()
        while let key = try reader.nextKey() {
            var value: JSONValue
            if reader.beginArray() {
                var elements: [JSONValue] = []
                while let element = try reader.nextElement() { elements.append(element) }
                value = .array(elements)
            } else {
                value = try reader.value()
            }
            object.append(JSONObject.Member(key: key, value: value))
        }
        return .object(object)
    }
}
