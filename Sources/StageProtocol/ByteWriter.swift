package import PipelineTypes

/// Appends values to a message, numbers in little-endian order.
package struct ByteWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        for shift in stride(from: 0, to: Value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }

    /// An `Int` that is never negative; it takes eight bytes.
    package mutating func append(count value: Int) {
        append(UInt64(value))
    }

    package mutating func append(_ value: Float) {
        append(value.bitPattern)
    }

    package mutating func append(_ value: Double) {
        append(value.bitPattern)
    }

    package mutating func append(_ value: Bool) {
        append(value ? 1 as UInt8 : 0)
    }

    package mutating func append(_ text: String) {
        append(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func append(_ instant: Instant) {
        append(instant.nanoseconds)
    }

    package mutating func append<Value: WireCodable>(_ value: Value) {
        value.encode(into: &self)
    }

    package mutating func append<Value: WireCodable>(_ values: [Value]) {
        append(UInt32(values.count))
        for value in values { append(value) }
    }

    package mutating func append(_ values: [UInt32]) {
        append(UInt32(values.count))
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: 4 * values.count))
        var target = bytes.mutableSpan
        for (index, value) in values.enumerated() {
            let place = start + 4 * index
            target[place] = UInt8(truncatingIfNeeded: value)
            target[place + 1] = UInt8(truncatingIfNeeded: value >> 8)
            target[place + 2] = UInt8(truncatingIfNeeded: value >> 16)
            target[place + 3] = UInt8(truncatingIfNeeded: value >> 24)
        }
    }

    /// A presence byte and, where present, the value.
    package mutating func append<Value>(
        _ value: Value?, _ body: (inout ByteWriter, Value) -> Void
    ) {
        append(value != nil)
        if let value { body(&self, value) }
    }

    /// Zeros up to the next multiple of `alignment`.
    package mutating func pad(toMultipleOf alignment: Int) {
        while !bytes.count.isMultiple(of: alignment) { bytes.append(0) }
    }
}

/// A value that has a place in a message.
package protocol WireCodable {
    /// No encoding of this type is shorter, so a list's length can be checked before memory is
    /// set aside for it.
    static var encodedByteCountMin: Int { get }

    func encode(into writer: inout ByteWriter)

    /// Throws rather than trap, whatever the bytes are.
    init(from reader: inout ByteReader) throws(CodecError)
}
