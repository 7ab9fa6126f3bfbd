internal import CKernels
import Glibc

/// Memory from the system, in large pages where there are any, as keys and values lie in.
///
/// Sendable: the memory is touched through pointers only, and whoever hands those to several
/// threads sees to it that they write different parts.
final class LargeMemory: @unchecked Sendable {
    let address: UnsafeMutableRawPointer
    let byteCount: Int

    /// Ends the process when memory is exhausted, like every other allocation in Swift.
    init(byteCount: Int) {
        self.byteCount = byteCount
        let memory = mmap(
            nil, max(byteCount, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { endForLack(ofBytes: byteCount) }
        madvise(memory, byteCount, Int32(MADV_HUGEPAGE))
        address = memory
    }

    deinit {
        munmap(address, max(byteCount, 1))
    }
}

/// Runs what takes much memory for a while, as loading does, and has it give back what it frees:
/// the C library would keep it.
package func returningFreedMemory<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    pk_return_blocks_from(128 << 10)
    // What computing takes again and again, it had better keep.
    defer { pk_return_blocks_from(4 << 20) }
    return try body()
}

/// Gives memory that was freed back to the system.
package func returnFreeMemory() {
    pk_return_free_memory()
}
