internal import CKernels

/// Memory that is read for nothing but the time that it takes.
package struct MemoryReader: Sendable {
    /// In how many places it is read at once, and how many bytes ahead it is fetched: which of them
    /// is quickest differs from machine to machine.
    package struct Pattern: Sendable {
        var streams: Int
        var bytesAhead: Int

        package static let all = [
            Pattern(streams: 1, bytesAhead: 0), Pattern(streams: 1, bytesAhead: 2048),
            Pattern(streams: 2, bytesAhead: 2048), Pattern(streams: 4, bytesAhead: 0),
            Pattern(streams: 4, bytesAhead: 4096), Pattern(streams: 8, bytesAhead: 1024),
        ]
    }

    private let memory: LargeMemory

    /// What all patterns divide into whole cache lines.
    private static let byteCountUnit = 64 * Int(PK_READ_STREAMS_MAX)

    /// - Parameter byteCount: rounded down to some cache lines, at least that many.
    package init(byteCount: Int) {
        let units = max(byteCount / Self.byteCountUnit, 1)
        memory = LargeMemory(byteCount: units * Self.byteCountUnit)
        // Memory that was never written need not exist.
        memory.address.initializeMemory(as: UInt8.self, repeating: 1, count: memory.byteCount)
    }

    package var byteCount: Int {
        memory.byteCount
    }

    /// Reads all of it once. Returns the sum of its words.
    @discardableResult
    package func read(_ pattern: Pattern) -> UInt64 {
        pk_read_memory(
            memory.address.assumingMemoryBound(to: UInt8.self), memory.byteCount, pattern.streams,
            pattern.bytesAhead)
    }
}
