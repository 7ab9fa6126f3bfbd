/// Little-endian bytes of an integer.
package func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// A GGUF file, sound unless told otherwise.
package struct GGUFBuilder {
    package var magic = Array("GGUF".utf8)
    package var version: UInt32 = 3
    /// nil tells the truth.
    package var tensorCount: UInt64?
    package var metadataCount: UInt64?
    package var metadata: [[UInt8]] = []
    package var tensors: [[UInt8]] = []
    package var alignment = 32
    package var data: [UInt8] = []

    package init() {}

    package static func string(_ text: String) -> [UInt8] {
        littleEndian(UInt64(text.utf8.count)) + text.utf8
    }

    package static func field(_ key: String, type: UInt32, _ value: [UInt8]) -> [UInt8] {
        string(key) + littleEndian(type) + value
    }

    package static func array(type: UInt32, count: UInt64, _ elements: [UInt8] = []) -> [UInt8] {
        littleEndian(type) + littleEndian(count) + elements
    }

    /// One line of the tensor table; `dimensions` as in the file, innermost first.
    package static func tensor(
        _ name: String = "a", dimensionCount: UInt32? = nil, dimensions: [UInt64] = [8],
        type: UInt32 = 0, offset: UInt64 = 0
    ) -> [UInt8] {
        string(name) + littleEndian(dimensionCount ?? UInt32(dimensions.count))
            + dimensions.flatMap { littleEndian($0) } + littleEndian(type) + littleEndian(offset)
    }

    /// Everything but the tensors' bytes.
    package var header: [UInt8] {
        let counts =
            littleEndian(tensorCount ?? UInt64(tensors.count))
            + littleEndian(metadataCount ?? UInt64(metadata.count))
        return magic + littleEndian(version) + counts + metadata.joined() + tensors.joined()
    }

    package var file: [UInt8] {
        let header = header
        let padding = (alignment - header.count % alignment) % alignment
        return header + [UInt8](repeating: 0, count: padding) + data
    }
}

/// A safetensors file, sound unless told otherwise.
package struct SafetensorsBuilder {
    package var header = ""
    /// nil tells the truth.
    package var headerLength: UInt64?
    package var data: [UInt8] = []

    package init() {}

    package var file: [UInt8] {
        littleEndian(headerLength ?? UInt64(header.utf8.count)) + header.utf8 + data
    }
}
