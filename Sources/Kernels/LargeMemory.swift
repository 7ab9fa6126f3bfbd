internal import CKernels
import Glibc

/// Memory from the system, in large pages where there are any, as keys and values lie in.
///
/// Sendable: the memory is touched through pointers only, and whoever hands those to several
/// threads sees to it that they write different parts.
final class LargeMemory: @unchecked Sendable {
    let address: UnsafeMutableRawPointer
    let byteCount: Int

    /// Fails a precondition when memory is exhausted, like every other allocation in Swift.
    init(byteCount: Int) {
        self.byteCount = byteCount
        let memory = mmap(
            nil, max(byteCount, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            preconditionFailure("out of memory: \(byteCount) bytes")
        }
        madvise(memory, byteCount, Int32(MADV_HUGEPAGE))
        address = memory
    }

    deinit {
        munmap(address, max(byteCount, 1))
    }
}

/// Has large blocks of memory go back to the system as soon as they are freed, so that what loading
/// takes for a while is not kept.
package func returnLargeBlocks() {
    pk_return_large_blocks()
}

/// Gives memory that was freed back to the system.
package func returnFreeMemory() {
    pk_return_free_memory()
}
