import JSON
import SeededRandom
import Testing

@Suite("Objects of JSON")
struct JSONObjectTests {
    @Test("setting, replacing and removing members is what a list of pairs would do, at any size")
    func behavesAsAList() {
        var random = SeededGenerator(seed: 3)
        for keyCount in [4, 16, 17, 40] {
            var object = JSONObject()
            var list: [(key: String, value: Int)] = []
            for step in 0..<2_000 {
                let key = "k\(random.next() % UInt64(keyCount))"
                let place = list.firstIndex { $0.key == key }
                if random.next() % 4 == 0 {
                    object[key] = nil
                    if let place { list.remove(at: place) }
                } else {
                    object[key] = .integer(step)
                    if let place { list[place].value = step } else { list.append((key, step)) }
                }
                #expect(object.members.map(\.key) == list.map(\.key))
                #expect(object.members.map(\.value) == list.map { .integer($0.value) })
                #expect(object.contains(key) == list.contains { $0.key == key })
                for (key, value) in list where object[key] != .integer(value) {
                    Issue.record("\(key) is \(String(describing: object[key])), not \(value)")
                }
            }
        }
    }

    @Test("of members with one key, the last value counts, at the place of the first")
    func lastValueCounts() {
        let object: JSONObject = ["a": 1, "b": 2, "a": 3]
        #expect(object.members.map(\.key) == ["a", "b"])
        #expect(object["a"] == 3)
    }

    @Test("objects are equal if they have the same members in the same order")
    func equality() {
        let object: JSONObject = ["a": 1, "b": nil]
        #expect(object == ["a": 1, "b": nil])
        #expect(object != ["b": nil, "a": 1])
        #expect(object != ["a": 1])
        #expect(["\u{e9}": 1] as JSONObject != ["e\u{301}": 1])
    }

    @Test("members and elements are found through values, and nothing where there is none")
    func subscripts() {
        let value: JSONValue = ["list": [1, ["x": "y"]]]
        #expect(value["list"]?[1]?["x"] == "y")
        #expect(value["list"]?[2] == nil && value["list"]?[-1] == nil)
        #expect(value["other"] == nil && value[0] == nil && value["list"]?["x"] == nil)
    }
}
