package import PipelineTypes

/// Takes values from a message, checking every one against the bytes that are left.
package struct ByteReader: Sendable {
    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var remaining: Int {
        bytes.count - position
    }

    package mutating func integer<Value: FixedWidthInteger>(
        _: Value.Type = Value.self
    ) throws(CodecError) -> Value {
        let start = try advance(by: Value.bitWidth / 8)
        var value: Value = 0
        for offset in 0..<Value.bitWidth / 8 {
            value |= Value(truncatingIfNeeded: bytes[start + offset]) << Value(8 * offset)
        }
        return value
    }

    /// An `Int` in 0 ... `maximum`, in eight bytes.
    package mutating func count(_ field: String, max maximum: Int) throws(CodecError) -> Int {
        let value = try integer(UInt64.self)
        guard value <= UInt64(maximum) else { throw .outOfRange(field) }
        return Int(value)
    }

    package mutating func float() throws(CodecError) -> Float {
        Float(bitPattern: try integer())
    }

    /// A number that is not negative, and within the limits.
    package mutating func number(
        _ field: String, above lower: Double = -1, below upper: Double = .infinity
    ) throws(CodecError) -> Double {
        let value = Double(bitPattern: try integer())
        guard value >= 0, value > lower, value < upper else { throw .outOfRange(field) }
        return value
    }

    package mutating func boolean() throws(CodecError) -> Bool {
        switch try integer(UInt8.self) {
        case 0: false
        case 1: true
        default: throw .outOfRange("truth value")
        }
    }

    package mutating func text() throws(CodecError) -> String {
        let length = try Int(integer(UInt32.self))
        let start = try advance(by: length)
        guard let text = String(validating: bytes[start..<start + length], as: UTF8.self) else {
            throw .notUTF8
        }
        return text
    }

    package mutating func instant() throws(CodecError) -> Instant {
        Instant(nanoseconds: try integer())
    }

    package mutating func value<Value: WireCodable>(
        _: Value.Type = Value.self
    ) throws(CodecError) -> Value {
        try Value(from: &self)
    }

    package mutating func list<Value: WireCodable>(
        of _: Value.Type = Value.self
    ) throws(CodecError) -> [Value] {
        let count = try listCount(elementByteCountMin: Value.encodedByteCountMin)
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try Value(from: &self)) }
        return values
    }

    package mutating func numbers() throws(CodecError) -> [UInt32] {
        let count = try listCount(elementByteCountMin: 4)
        var values: [UInt32] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try integer()) }
        return values
    }

    package mutating func optional<Value>(
        _ body: (inout ByteReader) throws(CodecError) -> Value
    ) throws(CodecError) -> Value? {
        try boolean() ? try body(&self) : nil
    }

    /// Call when the message should be over.
    package func finish() throws(CodecError) {
        guard remaining == 0 else { throw .trailingBytes(remaining) }
    }

    private mutating func listCount(elementByteCountMin: Int) throws(CodecError) -> Int {
        let count = try Int(integer(UInt32.self))
        // Both factors are below 2^32, so the product fits.
        guard count * elementByteCountMin <= remaining else {
            throw .truncated(wanted: count * elementByteCountMin, remaining: remaining)
        }
        return count
    }

    private mutating func advance(by count: Int) throws(CodecError) -> Int {
        guard count <= remaining else { throw .truncated(wanted: count, remaining: remaining) }
        defer { position += count }
        return position
    }
}
