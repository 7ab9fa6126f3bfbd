/// A value of a GGUF file's metadata.
package enum GGUFValue: Sendable {
    case unsigned(UInt64)
    case signed(Int64)
    case number(Double)
    case boolean(Bool)
    /// Bytes that are not UTF-8 are replaced.
    case string(String)
    case array(GGUFArray)
}

extension GGUFValue: SettingValue {
    package var unsignedInteger: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .signed(let value): value >= 0 ? Int(value) : nil
        default: nil
        }
    }

    package var number: Double? {
        switch self {
        case .unsigned(let value): Double(value)
        case .signed(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    package var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var array: GGUFArray? {
        if case .array(let value) = self { value } else { nil }
    }

    package var kind: String {
        switch self {
        case .unsigned: "an unsigned integer"
        case .signed(let value): value < 0 ? "a negative integer" : "an integer"
        case .number: "a number"
        case .boolean: "a boolean"
        case .string: "a string"
        case .array(let array): "an array of \(array.elementType)"
        }
    }
}

/// The types that a GGUF file stores metadata in, by their number in the file.
package enum GGUFValueType: UInt32, Sendable {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array
    case uint64, int64, float64

    /// Bytes of one value; nil if that differs from value to value.
    var size: Int? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: nil
        }
    }
}

extension ByteCursor {
    mutating func valueType() throws(CheckpointError) -> GGUFValueType {
        let raw = try integer(UInt32.self)
        guard let type = GGUFValueType(rawValue: raw) else {
            throw malformed(expected: "a value type from 0 to 12", found: "\(raw)")
        }
        return type
    }

    mutating func value(_ type: GGUFValueType) throws(CheckpointError) -> GGUFValue {
        switch type {
        case .uint8: .unsigned(UInt64(try integer(UInt8.self)))
        case .uint16: .unsigned(UInt64(try integer(UInt16.self)))
        case .uint32: .unsigned(UInt64(try integer(UInt32.self)))
        case .uint64: .unsigned(try integer(UInt64.self))
        case .int8: .signed(Int64(try integer(Int8.self)))
        case .int16: .signed(Int64(try integer(Int16.self)))
        case .int32: .signed(Int64(try integer(Int32.self)))
        case .int64: .signed(try integer(Int64.self))
        case .float32: .number(Double(Float(bitPattern: try integer(UInt32.self))))
        case .float64: .number(Double(bitPattern: try integer(UInt64.self)))
        case .bool: .boolean(try boolean())
        case .string: .string(String(decoding: try lengthPrefixedBytes(), as: UTF8.self))
        case .array: .array(try array(depth: 0))
        }
    }

    private mutating func boolean() throws(CheckpointError) -> Bool {
        let raw = try integer(UInt8.self)
        guard raw <= 1 else { throw malformed(expected: "a boolean, 0 or 1", found: "\(raw)") }
        return raw == 1
    }

    /// Steps over an array; its elements are read when they are asked for.
    mutating func array(depth: Int) throws(CheckpointError) -> GGUFArray {
        guard depth < GGUFArray.depthMax else {
            throw malformed(
                expected: "arrays at most \(GGUFArray.depthMax) deep", found: "a deeper one")
        }
        let type = try valueType()
        let count = try integer(UInt64.self)
        guard count <= UInt64(GGUFArray.countMax) else {
            throw malformed(
                expected: "an array of at most \(GGUFArray.countMax) elements", found: "\(count)")
        }
        let elements = GGUFArray(
            elementType: type, count: Int(count), mapping: mapping, offset: offset,
            subject: subject)
        if let size = type.size {
            try skip(count * UInt64(size))
        } else {
            for _ in 0..<count {
                if type == .string {
                    try skip(try integer(UInt64.self))
                } else {
                    _ = try array(depth: depth + 1)
                }
            }
        }
        return elements
    }
}
