/// A JSON document or a part of one.
package enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// A number without fraction and exponent that fits into 64 bits. `-0` is none: it would lose
    /// its sign.
    case integer(Int)
    /// Any other number.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
    /// Text that is JSON already; comes out of no parser.
    case encoded(EncodedJSON)
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
