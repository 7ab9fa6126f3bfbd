/// UTF-8 text of one JSON value on one line.
package struct EncodedJSON: Hashable, Sendable {
    package let bytes: [UInt8]
}

/// A JSON array that grows and is written again and again: each element is encoded once.
package struct GrowingJSONArray: Sendable {
    private var elements: [UInt8] = []

    package init() {}

    package mutating func append(_ element: JSONValue) {
        if !elements.isEmpty { elements.append(UInt8(ascii: ",")) }
        element.append(to: &elements)
    }

    /// The array as it is now.
    package var value: JSONValue {
        .encoded(EncodedJSON(bytes: [UInt8(ascii: "[")] + elements + [UInt8(ascii: "]")]))
    }
}
