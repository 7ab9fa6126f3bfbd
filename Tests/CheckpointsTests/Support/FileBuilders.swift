/// Little-endian bytes of an integer.
func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// A GGUF file, sound unless told otherwise.
struct GGUFBuilder {
    var magic = Array("GGUF".utf8)
    var version: UInt32 = 3
    /// nil tells the truth.
    var tensorCount: UInt64?
    var metadataCount: UInt64?
    var metadata: [[UInt8]] = []
    var tensors: [[UInt8]] = []
    var alignment = 32
    var data: [UInt8] = []

    static func string(_ text: String) -> [UInt8] {
        littleEndian(UInt64(text.utf8.count)) + text.utf8
    }

    static func field(_ key: String, type: UInt32, _ value: [UInt8]) -> [UInt8] {
        string(key) + littleEndian(type) + value
    }

    static func array(type: UInt32, count: UInt64, _ elements: [UInt8] = []) -> [UInt8] {
        littleEndian(type) + littleEndian(count) + elements
    }

    /// One line of the tensor table; `dimensions` as in the file, innermost first.
    static func tensor(
        _ name: String = "a", dimensionCount: UInt32? = nil, dimensions: [UInt64] = [8],
        type: UInt32 = 0, offset: UInt64 = 0
    ) -> [UInt8] {
        string(name) + littleEndian(dimensionCount ?? UInt32(dimensions.count))
            + dimensions.flatMap { littleEndian($0) } + littleEndian(type) + littleEndian(offset)
    }

    /// Everything but the tensors' bytes.
    var header: [UInt8] {
        let counts =
            littleEndian(tensorCount ?? UInt64(tensors.count))
            + littleEndian(metadataCount ?? UInt64(metadata.count))
        return magic + littleEndian(version) + counts + metadata.joined() + tensors.joined()
    }

    var file: [UInt8] {
        let header = header
        let padding = (alignment - header.count % alignment) % alignment
        return header + [UInt8](repeating: 0, count: padding) + data
    }
}

/// A safetensors file, sound unless told otherwise.
struct SafetensorsBuilder {
    var header = ""
    /// nil tells the truth.
    var headerLength: UInt64?
    var data: [UInt8] = []

    var file: [UInt8] {
        littleEndian(headerLength ?? UInt64(header.utf8.count)) + header.utf8 + data
    }
}
