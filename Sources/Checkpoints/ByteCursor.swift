/// Reads little-endian fields one after the other out of a mapped file, and never behind `limit`.
struct ByteCursor {
    let mapping: FileMapping
    /// Bytes from the file's start that may be read.
    let limit: Int
    private(set) var offset: Int
    /// What is being read: errors name it.
    var subject: String

    init(_ mapping: FileMapping, at offset: Int = 0, limit: Int? = nil, subject: String) {
        self.mapping = mapping
        self.limit = min(limit ?? mapping.bytes.count, mapping.bytes.count)
        self.offset = offset
        self.subject = subject
    }

    var remaining: Int {
        limit - offset
    }

    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type
    ) throws(CheckpointError) -> T {
        let start = try skip(UInt64(MemoryLayout<T>.size))
        return T(littleEndian: mapping.bytes.loadUnaligned(fromByteOffset: start, as: T.self))
    }

    /// A length of 8 bytes, then as many bytes; these bytes.
    mutating func lengthPrefixedBytes() throws(CheckpointError) -> UnsafeRawBufferPointer {
        let length = try integer(UInt64.self)
        let start = try skip(length)
        return UnsafeRawBufferPointer(rebasing: mapping.bytes[start..<offset])
    }

    /// Steps over so many bytes and returns the offset of the first.
    @discardableResult
    mutating func skip(_ count: UInt64) throws(CheckpointError) -> Int {
        guard count <= UInt64(remaining) else {
            guard limit == mapping.bytes.count else {
                throw malformed(
                    expected: "a header of at most \(limit) bytes",
                    found: "\(count) bytes at byte \(offset)")
            }
            let expected = "\(count) bytes at byte \(offset)"
            throw error(.truncated(expected: expected, fileSize: limit))
        }
        let start = offset
        offset += Int(count)
        return start
    }

    func error(_ problem: CheckpointError.Problem) -> CheckpointError {
        CheckpointError(file: mapping.path, subject: subject, problem)
    }

    func malformed(expected: String, found: String) -> CheckpointError {
        error(.malformed(expected: expected, found: found))
    }
}
