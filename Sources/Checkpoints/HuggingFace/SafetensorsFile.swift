import JSON

/// The header of a safetensors file.
///
/// Layout: header length (8 bytes, little-endian); the header, a JSON object that gives each
/// tensor's `dtype`, `shape` and `data_offsets` (start and end, from the end of the header); the
/// tensors' bytes, which fill the rest of the file without overlap or gap.
struct SafetensorsFile {
    let mapping: FileMapping
    let tensors: [TensorRecord]

    /// The bound that the format's reference implementation sets.
    static let headerBytesMax = 100_000_000
    static let dimensionsMax = 8

    init(_ mapping: FileMapping) throws(CheckpointError) {
        self.mapping = mapping
        var cursor = ByteCursor(mapping, subject: "header")
        let length = try cursor.integer(UInt64.self)
        guard length <= UInt64(Self.headerBytesMax) else {
            throw cursor.malformed(
                expected: "a header of at most \(Self.headerBytesMax) bytes", found: "\(length)")
        }
        let start = try cursor.skip(length)
        let text = UnsafeRawBufferPointer(rebasing: mapping.bytes[start..<cursor.offset])
        let header = try JSONObject(parsing: text, file: mapping.path)
        var tensors: [TensorRecord] = []
        for member in header.members where member.key != "__metadata__" {
            tensors.append(try Self.record(member, dataStart: cursor.offset, in: mapping))
        }
        // An empty tensor comes before the one that starts where it does.
        tensors.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        try Self.checkContiguous(tensors, dataStart: cursor.offset, in: mapping)
        self.tensors = tensors
    }

    private static func record(
        _ member: JSONObject.Member, dataStart: Int, in mapping: FileMapping
    ) throws(CheckpointError) -> TensorRecord {
        let context = ErrorContext(file: mapping.path, subject: "tensor \(member.key)")
        guard let members = member.value.object else {
            throw context.malformed(expected: "an object", found: member.value.kind)
        }
        func read<T>(
            _ key: String, as expected: String, _ convert: (JSONValue) -> T?
        ) throws(CheckpointError) -> T {
            let value = members[key]
            guard let result = value.flatMap(convert) else {
                throw context.malformed(
                    expected: "\(expected) as \(key)", found: value?.kind ?? "nothing")
            }
            return result
        }
        let typeName = try read("dtype", as: "a string", \.string)
        let shape = try read("shape", as: "unsigned integers", \.unsignedIntegers)
        let offsets = try read("data_offsets", as: "unsigned integers", \.unsignedIntegers)
        guard shape.count <= dimensionsMax else {
            throw context.malformed(
                expected: "at most \(dimensionsMax) dimensions", found: "\(shape.count)")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw context.malformed(
                expected: "data_offsets with a start and an end", found: "\(offsets.prefix(3))")
        }
        guard offsets[1] <= mapping.bytes.count - dataStart else {
            let expected = "\(offsets[1]) bytes of tensor data"
            throw context.error(.truncated(expected: expected, fileSize: mapping.bytes.count))
        }
        let elementType = elementType(typeName)
        if let elementType {
            try check(shape, elementType, byteCount: offsets[1] - offsets[0], context)
        }
        return TensorRecord(
            name: member.key, elementType: elementType, typeName: typeName, shape: shape,
            bytes: dataStart + offsets[0]..<dataStart + offsets[1])
    }

    private static func elementType(_ name: String) -> ElementType? {
        switch name {
        case "F32": .f32
        case "F16": .f16
        case "BF16": .bf16
        default: nil
        }
    }

    private static func check(
        _ shape: [Int], _ type: ElementType, byteCount: Int, _ context: ErrorContext
    ) throws(CheckpointError) {
        let expected = try TensorRecord.byteCount(shape: shape, type: type, context)
        guard byteCount == expected else {
            throw context.malformed(
                expected: "\(expected) bytes for \(type.rawValue) \(shape)", found: "\(byteCount)")
        }
    }

    /// Throws unless the tensors, in the order of their bytes, fill the file to its end.
    private static func checkContiguous(
        _ tensors: [TensorRecord], dataStart: Int, in mapping: FileMapping
    ) throws(CheckpointError) {
        var end = dataStart
        for tensor in tensors {
            guard tensor.bytes.lowerBound == end else {
                let context = ErrorContext(file: mapping.path, subject: "tensor \(tensor.name)")
                let found = tensor.bytes.lowerBound - dataStart
                throw context.malformed(
                    expected: "data from byte \(end - dataStart) on, where the last tensor ended",
                    found: "data from byte \(found) on")
            }
            end = tensor.bytes.upperBound
        }
        guard end == mapping.bytes.count else {
            throw ErrorContext(file: mapping.path, subject: nil).malformed(
                expected: "the end of the file at byte \(end), behind the last tensor",
                found: "\(mapping.bytes.count) bytes")
        }
    }
}

extension JSONValue {
    /// The elements of an array of unsigned integers.
    fileprivate var unsignedIntegers: [Int]? {
        guard let array else { return nil }
        let integers = array.compactMap(\.unsignedInteger)
        return integers.count == array.count ? integers : nil
    }
}
