/// A JSON document or a part of one.
package enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// A number without fraction and exponent that fits into 64 bits.
    case integer(Int)
    /// Any other number; infinite if the text was out of range.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
    /// Text that is JSON already; comes out of no parser.
    case encoded(EncodedJSON)
}

/// The members of a JSON object in the order in which they were written.
package struct JSONObject: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package var key: String
        package var value: JSONValue

        package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// Every key occurs once.
    package private(set) var members: [Member]

    /// Of several members with the same key the last value counts, at the place of the first.
    package init(_ members: [Member] = []) {
        self.members = members
        guard Self.repeatsKey(members) else { return }
        var places: [String: Int] = [:]
        self.members = []
        for member in members {
            if let place = places[member.key] {
                self.members[place].value = member.value
            } else {
                places[member.key] = self.members.count
                self.members.append(member)
            }
        }
    }

    private static func repeatsKey(_ members: [Member]) -> Bool {
        guard members.count <= 8 else {
            return Set(members.lazy.map(\.key)).count < members.count
        }
        return members.indices.contains { index in
            members[..<index].contains { $0.key == members[index].key }
        }
    }

    package subscript(key: String) -> JSONValue? {
        get {
            members.first { $0.key == key }?.value
        }
        set {
            let place = members.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }
}

/// UTF-8 text of one JSON value on one line.
package struct EncodedJSON: Hashable, Sendable {
    package var bytes: [UInt8]
}

extension JSONValue {
    /// The member of an object; nil where there is none.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[key]
    }

    /// The element of an array; nil where there is none.
    package subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else {
            return nil
        }
        return elements[index]
    }

    /// What it is, for error messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        case .encoded: "JSON text"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByFloatLiteral
{
    package init(stringLiteral value: String) {
        self = .string(value)
    }

    package init(integerLiteral value: Int) {
        self = .integer(value)
    }

    package init(booleanLiteral value: Bool) {
        self = .boolean(value)
    }

    package init(nilLiteral: ()) {
        self = .null
    }

    package init(floatLiteral value: Double) {
        self = .number(value)
    }
}

extension JSONValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    package init(arrayLiteral elements: JSONValue...) {
        self = .array(elements)
    }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
    }
}

extension JSONValue {
    /// A string, or null.
    package init(_ text: String?) {
        self = text.map(JSONValue.string) ?? .null
    }

    /// A list of integers.
    package init(_ integers: some Sequence<some BinaryInteger>) {
        self = .array(integers.map { .integer(Int($0)) })
    }
}
