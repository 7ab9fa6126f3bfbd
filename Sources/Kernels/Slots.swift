/// Results of tasks that workers share out, one slot for each task.
///
/// Sendable: each slot is written by the one worker that does its task, and read after the barrier
/// at the end of the run.
package final class Slots<Value>: @unchecked Sendable {
    private let storage: UnsafeMutableBufferPointer<Value?>

    package init(count: Int) {
        storage = .allocate(capacity: count)
        storage.initialize(repeating: nil)
    }

    deinit {
        storage.deinitialize()
        storage.deallocate()
    }

    package subscript(task: Int) -> Value? {
        get { storage[task] }
        set { storage[task] = newValue }
    }

    /// The values of the tasks that were done, in their order.
    package var values: [Value] {
        storage.compactMap { $0 }
    }
}
