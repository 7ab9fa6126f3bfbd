import Glibc

/// A file mapped read-only into memory, for as long as anything refers to it.
///
/// `@unchecked Sendable`: nothing changes after `init`, and the memory is never written to.
final class FileMapping: @unchecked Sendable {
    let path: String
    let bytes: UnsafeRawBufferPointer
    private let descriptor: Int32

    init(path: String) throws(CheckpointError) {
        self.path = path
        // Nonblocking, so that opening a pipe that has no writer is refused below and does not
        // hang.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.lastError(path) }
        do throws(CheckpointError) {
            let size = try Self.size(of: descriptor, path: path)
            bytes = try Self.map(descriptor, size: size, path: path)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit {
        if let base = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
        }
        close(descriptor)
    }

    /// Refuses a file that has shrunk since it was opened: reading behind its end is a bus error.
    func checkNotTruncated() throws(CheckpointError) {
        let size = try Self.size(of: descriptor, path: path)
        guard size >= bytes.count else {
            let expected = "\(bytes.count) bytes as when it was opened"
            throw CheckpointError(file: path, .truncated(expected: expected, fileSize: size))
        }
    }

    /// Asks the kernel to read a range ahead. A hint: failure changes nothing but speed.
    func prefetch(_ range: Range<Int>) {
        advise(range, MADV_WILLNEED)
    }

    /// Takes a range out of this process's memory; it is read again if it is touched again.
    func evict(_ range: Range<Int>) {
        advise(range, MADV_DONTNEED)
    }

    private func advise(_ range: Range<Int>, _ advice: Int32) {
        guard let base = bytes.baseAddress, !range.isEmpty else { return }
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = range.lowerBound / pageSize * pageSize
        madvise(UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, advice)
    }

    private static func size(of descriptor: Int32, path: String) throws(CheckpointError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw lastError(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CheckpointError(file: path, .unreadable(reason: "it is not a regular file"))
        }
        return status.st_size
    }

    private static func map(
        _ descriptor: Int32, size: Int, path: String
    ) throws(CheckpointError) -> UnsafeRawBufferPointer {
        guard size > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard base != MAP_FAILED else { throw lastError(path) }
        return UnsafeRawBufferPointer(start: base, count: size)
    }

    private static func lastError(_ path: String) -> CheckpointError {
        CheckpointError(file: path, .unreadable(reason: String(cString: strerror(errno))))
    }
}
