import JSON
import SeededRandom
import Testing

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
        var random = SeededGenerator(seed: 2)
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
