/// The members of a JSON object in the order in which they were written.
///
/// Keys are told apart by their bytes: vocabularies hold strings that differ and yet are
/// canonically equivalent, which Swift takes for equal. Every key occurs once, unless it was
/// appended again or the parser was asked to keep such members; look-ups find the first.
package struct JSONObject: Sendable {
    package struct Member: Sendable {
        package let key: String
        package var value: JSONValue

        package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    package private(set) var members: [Member] = []
    /// The place of each key; empty while there are few members, which are searched one by one.
    private var places: [JSONKey: Int] = [:]

    private static let searchedMax = 16

    package init() {}

    /// Of several members with the same key the last value counts, at the place of the first.
    package init(_ members: some Sequence<Member>) {
        for member in members { self[member.key] = member.value }
    }

    package subscript(key: String) -> JSONValue? {
        get {
            place(of: key).map { members[$0].value }
        }
        set {
            switch (place(of: key), newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): remove(at: place)
            case (nil, let value?): append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    package func contains(_ key: String) -> Bool {
        place(of: key) != nil
    }

    /// Adds a member at the end, whether or not there is one with its key.
    package mutating func append(_ member: Member) {
        members.append(member)
        if members.count == Self.searchedMax + 1 {
            indexMembers()
        } else if members.count > Self.searchedMax {
            index(members.count - 1)
        }
    }

    private mutating func remove(at place: Int) {
        members.remove(at: place)
        indexMembers()
    }

    private func place(of key: String) -> Int? {
        let key = JSONKey(text: key)
        guard members.count <= Self.searchedMax else { return places[key] }
        return members.firstIndex { JSONKey(text: $0.key) == key }
    }

    private mutating func indexMembers() {
        places = [:]
        guard members.count > Self.searchedMax else { return }
        for place in members.indices { index(place) }
    }

    private mutating func index(_ place: Int) {
        let key = JSONKey(text: members[place].key)
        if let first = places.updateValue(place, forKey: key) { places[key] = first }
    }
}

extension JSONObject: Hashable {
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members == right.members
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(members)
    }
}

extension JSONObject.Member: Hashable {
    package static func == (left: JSONObject.Member, right: JSONObject.Member) -> Bool {
        JSONKey(text: left.key) == JSONKey(text: right.key) && left.value == right.value
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(JSONKey(text: key))
        hasher.combine(value)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { Member(key: $0.0, value: $0.1) })
    }
}

/// A key that equals another one if their bytes do.
private struct JSONKey: Hashable {
    let text: String

    static func == (left: JSONKey, right: JSONKey) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
