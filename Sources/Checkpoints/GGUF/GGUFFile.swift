/// The header of a GGUF file, version 2 or 3: metadata and the table of tensors.
///
/// Layout, little-endian: magic "GGUF"; version (4 bytes); tensor count, metadata count (8 each);
/// the metadata (key, type, value); the tensor table (name, dimensions innermost first, type,
/// offset); padding; the tensors' bytes, each at a multiple of the alignment from the start of the
/// first.
struct GGUFFile {
    let metadata: GGUFMetadata
    let tensors: [TensorRecord]

    static let magic: UInt32 = 0x4655_4747

    /// Far above any model's, and small enough that a lying file costs little.
    enum Limit {
        static let headerBytes = 1 << 30
        static let tensors = 1 << 20
        static let metadataKeys = 1 << 16
        static let nameBytes = 65_535
        static let dimensions = 4
        static let alignment = 1 << 20
    }

    init(_ mapping: FileMapping) throws(CheckpointError) {
        var cursor = ByteCursor(mapping, limit: Limit.headerBytes, subject: "header")
        let counts = try Self.counts(&cursor)
        metadata = try Self.metadata(&cursor, count: counts.metadata)
        if let parts = try metadata.unsignedIntegerIfPresent("split.count"), parts > 1 {
            throw metadata.error(
                "split.count",
                .unsupported(
                    expected: "one file (gguf-split --merge joins them)", found: "\(parts) files"))
        }
        let entries = try Self.entries(&cursor, count: counts.tensors)
        let section = try Self.dataSection(after: cursor, metadata)
        var tensors: [TensorRecord] = []
        for entry in entries {
            tensors.append(try Self.record(entry, in: section, of: mapping))
        }
        try TensorRecord.checkDisjoint(tensors, file: mapping.path)
        self.tensors = tensors
    }

    private static func counts(
        _ cursor: inout ByteCursor
    ) throws(CheckpointError) -> (tensors: Int, metadata: Int) {
        let magic = try cursor.integer(UInt32.self)
        guard magic == Self.magic else {
            let bytes = withUnsafeBytes(of: magic.littleEndian) { Array($0) }
            throw cursor.malformed(expected: "the magic bytes \"GGUF\"", found: "bytes \(bytes)")
        }
        let version = try cursor.integer(UInt32.self)
        guard version & 0xffff != 0 || version == 0 else {
            throw cursor.error(
                .unsupported(expected: "a little-endian file", found: "a big-endian file"))
        }
        guard version == 2 || version == 3 else {
            throw cursor.error(
                .unsupported(expected: "version 2 or 3", found: "version \(version)"))
        }
        let tensors = try count(&cursor, of: "tensors", max: Limit.tensors)
        let metadata = try count(&cursor, of: "metadata keys", max: Limit.metadataKeys)
        return (tensors, metadata)
    }

    private static func count(
        _ cursor: inout ByteCursor, of what: String, max: Int
    ) throws(CheckpointError) -> Int {
        let count = try cursor.integer(UInt64.self)
        guard count <= UInt64(max) else {
            throw cursor.malformed(expected: "at most \(max) \(what)", found: "\(count)")
        }
        return Int(count)
    }

    private static func metadata(
        _ cursor: inout ByteCursor, count: Int
    ) throws(CheckpointError) -> GGUFMetadata {
        var keys: [String] = []
        var values: [String: GGUFValue] = [:]
        for index in 0..<count {
            cursor.subject = "metadata key \(index)"
            let key = try name(&cursor)
            cursor.subject = key
            let type = try cursor.valueType()
            let value = try cursor.value(type)
            guard values.updateValue(value, forKey: key) == nil else {
                throw cursor.error(.duplicate)
            }
            keys.append(key)
        }
        return GGUFMetadata(file: cursor.mapping.path, keys: keys, values: values)
    }

    private static func name(_ cursor: inout ByteCursor) throws(CheckpointError) -> String {
        let bytes = try cursor.lengthPrefixedBytes()
        guard !bytes.isEmpty, bytes.count <= Limit.nameBytes else {
            throw cursor.malformed(
                expected: "a name of 1 to \(Limit.nameBytes) bytes", found: "\(bytes.count) bytes")
        }
        guard let name = String(validating: bytes, as: UTF8.self) else {
            throw cursor.malformed(expected: "a name in UTF-8", found: "other bytes")
        }
        return name
    }

    /// One line of the tensor table.
    private struct Entry {
        let name: String
        let elementType: ElementType
        let shape: [Int]
        let offset: UInt64
    }

    private static func entries(
        _ cursor: inout ByteCursor, count: Int
    ) throws(CheckpointError) -> [Entry] {
        var entries: [Entry] = []
        var names: Set<String> = []
        for index in 0..<count {
            cursor.subject = "tensor \(index)"
            let name = try name(&cursor)
            cursor.subject = "tensor \(name)"
            guard names.insert(name).inserted else { throw cursor.error(.duplicate) }
            let shape = try shape(&cursor)
            let number = try cursor.integer(UInt32.self)
            guard let type = GGUFTensorType.elementType(number) else {
                let found = GGUFTensorType.name(number)
                throw cursor.error(.unsupported(expected: ElementType.list, found: found))
            }
            let offset = try cursor.integer(UInt64.self)
            entries.append(Entry(name: name, elementType: type, shape: shape, offset: offset))
        }
        return entries
    }

    /// The dimensions, turned round to have the outermost first.
    private static func shape(_ cursor: inout ByteCursor) throws(CheckpointError) -> [Int] {
        let dimensions = try cursor.integer(UInt32.self)
        guard dimensions <= Limit.dimensions else {
            throw cursor.malformed(
                expected: "at most \(Limit.dimensions) dimensions", found: "\(dimensions)")
        }
        var shape: [Int] = []
        for _ in 0..<dimensions {
            let size = try cursor.integer(UInt64.self)
            guard let size = Int(exactly: size) else {
                throw cursor.malformed(expected: "a dimension below 2^63", found: "\(size)")
            }
            shape.append(size)
        }
        return shape.reversed()
    }

    /// Where the tensors' bytes begin and what their offsets are multiples of.
    private struct DataSection {
        let start: Int
        let alignment: Int
    }

    private static func dataSection(
        after cursor: ByteCursor, _ metadata: GGUFMetadata
    ) throws(CheckpointError) -> DataSection {
        let key = "general.alignment"
        let range = 1...Limit.alignment
        let alignment = try metadata.unsignedIntegerIfPresent(key, in: range) ?? 32
        guard alignment & (alignment - 1) == 0 else {
            throw metadata.error(
                key, .malformed(expected: "a power of two", found: "\(alignment)"))
        }
        let start = (cursor.offset + alignment - 1) & ~(alignment - 1)
        return DataSection(start: start, alignment: alignment)
    }

    private static func record(
        _ entry: Entry, in section: DataSection, of mapping: FileMapping
    ) throws(CheckpointError) -> TensorRecord {
        let context = ErrorContext(file: mapping.path, subject: "tensor \(entry.name)")
        guard entry.offset.isMultiple(of: UInt64(section.alignment)) else {
            throw context.malformed(
                expected: "an offset in multiples of \(section.alignment)",
                found: "\(entry.offset)")
        }
        let byteCount = try TensorRecord.byteCount(
            shape: entry.shape, type: entry.elementType, context)
        let available = max(0, mapping.bytes.count - section.start)
        guard byteCount <= available, entry.offset <= UInt64(available - byteCount) else {
            let expected = "\(byteCount) bytes at offset \(entry.offset) of the tensor data"
            throw context.error(.truncated(expected: expected, fileSize: mapping.bytes.count))
        }
        let start = section.start + Int(entry.offset)
        return TensorRecord(
            name: entry.name, elementType: entry.elementType,
            typeName: entry.elementType.rawValue, shape: entry.shape,
            bytes: start..<start + byteCount)
    }
}
