/// An array in a GGUF file's metadata. It stays in the file until its elements are asked for.
package struct GGUFArray: Sendable {
    /// More elements are refused, so that no file makes its reader allocate gigabytes.
    static let countMax = 1 << 24
    /// Arrays of arrays of arrays deeper than this are refused.
    static let depthMax = 8

    package let elementType: GGUFValueType
    package let count: Int
    private let mapping: FileMapping
    private let offset: Int
    private let subject: String

    init(
        elementType: GGUFValueType, count: Int, mapping: FileMapping, offset: Int, subject: String
    ) {
        self.elementType = elementType
        self.count = count
        self.mapping = mapping
        self.offset = offset
        self.subject = subject
    }

    /// All elements, whatever they are.
    package func values() throws(CheckpointError) -> [GGUFValue] {
        try elements { cursor throws(CheckpointError) in try cursor.value(elementType) }
    }

    /// All elements of an array of strings. Unlike a single string's, their bytes are not repaired:
    /// two tokens could become one.
    package func strings() throws(CheckpointError) -> [String] {
        guard elementType == .string else { throw wrongKind(expected: "strings") }
        return try elements { cursor throws(CheckpointError) in
            let start = cursor.offset
            let bytes = try cursor.lengthPrefixedBytes()
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw cursor.malformed(
                    expected: "UTF-8", found: "other bytes in the string at byte \(start)")
            }
            return text
        }
    }

    /// All elements of an array of integers of any width.
    package func integers() throws(CheckpointError) -> [Int] {
        try elements { cursor throws(CheckpointError) in
            switch try cursor.value(elementType) {
            case .unsigned(let value) where value <= UInt64(Int.max): Int(value)
            case .signed(let value): Int(value)
            default: throw wrongKind(expected: "integers")
            }
        }
    }

    /// All elements of an array of numbers of any kind.
    package func numbers() throws(CheckpointError) -> [Double] {
        try elements { cursor throws(CheckpointError) in
            guard let number = try cursor.value(elementType).number else {
                throw wrongKind(expected: "numbers")
            }
            return number
        }
    }

    private func elements<Element>(
        _ read: (inout ByteCursor) throws(CheckpointError) -> Element
    ) throws(CheckpointError) -> [Element] {
        try mapping.checkNotTruncated()
        var cursor = ByteCursor(mapping, at: offset, subject: subject)
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            elements.append(try read(&cursor))
        }
        return elements
    }

    private func wrongKind(expected: String) -> CheckpointError {
        CheckpointError(
            file: mapping.path, subject: subject,
            .malformed(expected: "an array of \(expected)", found: "an array of \(elementType)"))
    }
}
