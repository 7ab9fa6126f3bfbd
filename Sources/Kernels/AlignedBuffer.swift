import Glibc

/// Ends the process with one line for the operator: whoever wants so much cannot go on without.
func endForLack(ofBytes byteCount: Int) -> Never {
    let line = "penstock: cannot allocate \(max(1, byteCount >> 20)) MiB of memory\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
    exit(1)
}

/// Owns a block of memory aligned for vector loads, filled with zeros.
///
/// Sendable: the memory is touched through pointers only, and whoever hands those to several
/// threads sees to it that they write different parts.
package final class AlignedBuffer: @unchecked Sendable {
    package let address: UnsafeMutableRawPointer
    package let byteCount: Int
    /// What the block is a part of; nil if it is this buffer's own.
    private let region: LargeMemory?

    /// Ends the process when memory is exhausted, like every other allocation in Swift.
    package init(byteCount: Int) {
        self.byteCount = byteCount
        let rounded = (max(byteCount, 1) + 63) / 64 * 64
        guard let block = aligned_alloc(64, rounded) else { endForLack(ofBytes: rounded) }
        memset(block, 0, rounded)
        address = block
        region = nil
    }

    /// A part of a region, which nothing was written to.
    init(_ region: LargeMemory, offset: Int, byteCount: Int) {
        precondition(offset % 64 == 0 && offset + byteCount <= region.byteCount)
        address = region.address + offset
        self.byteCount = byteCount
        self.region = region
    }

    package convenience init<Element: BitwiseCopyable>(of: Element.Type, count: Int) {
        self.init(byteCount: count * MemoryLayout<Element>.stride)
    }

    deinit {
        if region == nil { free(address) }
    }

    /// Its elements while `body` runs; a pointer alone keeps no memory alive.
    func withElements<Element: BitwiseCopyable, Result, Failure: Error>(
        of: Element.Type, _ body: (UnsafeMutablePointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer(to: Element.self))
    }

    package func pointer<Element: BitwiseCopyable>(
        to: Element.Type
    ) -> UnsafeMutablePointer<Element> {
        address.assumingMemoryBound(to: Element.self)
    }
}
