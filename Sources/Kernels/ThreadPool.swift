internal import CKernels
internal import COneDNN
import Glibc
package import PipelineTypes
internal import Synchronization

/// A stage's compute threads, pinned to cores of their own. The thread that creates the pool and
/// calls `run` is its first worker; the others sleep between runs.
///
/// Sendable: what changes is in `calls`, which guards itself.
package final class ThreadPool: @unchecked Sendable {
    private let meeting: Meeting
    private let workers: [Worker]
    private let calls = WorkCalls()
    private var threads: [pthread_t] = []

    /// - Parameter cores: each worker's core, cyclically; empty leaves the threads unpinned.
    package init(threadCount: Int, cores: [Int], instructionSet: InstructionSet) {
        precondition(threadCount >= 1)
        let meeting = Meeting(workerCount: threadCount)
        self.meeting = meeting
        workers = (0..<threadCount).map {
            Worker(index: $0, meeting: meeting, instructionSet: instructionSet)
        }
        Self.settle(on: cores.isEmpty ? nil : cores[0])
        for index in 1..<max(threadCount, 1) {
            let core = cores.isEmpty ? nil : cores[index % cores.count]
            // The thread must not know the pool, which may be gone before the thread begins.
            let thread = startThread { [calls] in
                Self.settle(on: core)
                calls.answer(as: index, meeting: meeting)
            }
            threads.append(thread)
        }
    }

    deinit {
        calls.end()
        for thread in threads { pthread_join(thread, nil) }
    }

    package var threadCount: Int {
        workers.count
    }

    /// Runs `body` on every worker at once and returns when all have finished. Only one thread
    /// may call it, always the one that made the pool.
    package func run(_ body: (Worker) -> Void) {
        guard workers.count > 1 else { return body(workers[0]) }
        withoutActuallyEscaping(body) { escaping in
            // Sendable: each worker object is used by its own thread alone, and the caller's
            // closure is left by all threads before the last barrier.
            nonisolated(unsafe) let shared = escaping
            nonisolated(unsafe) let workers = workers
            calls.call { shared(workers[$0]) }
            shared(workers[0])
            meeting.barrier()
            calls.forget()
            meeting.barrier()
        }
    }

    /// What all workers together did since the last call.
    package func takeTimes() -> ComputeTimes {
        workers.reduce(into: ComputeTimes()) { $0 += $1.takeTimes() }
    }

    /// Pins the calling thread and keeps oneDNN's own threads away from it.
    private static func settle(on core: Int?) {
        penstock_openmp_use_one_thread()
        if let core { pk_pin_thread(core) }
    }
}

/// How a pool's owner calls its other workers to work.
///
/// Sendable: the call is guarded by `lock`, the condition variable by its own mutex.
private final class WorkCalls: @unchecked Sendable {
    private struct Call {
        var body: (@Sendable (Int) -> Void)?
        var isLast = false
    }

    private let lock = Mutex(Call())
    private let announced = Atomic<Int>(0)
    private var wake = pthread_cond_t()
    private var wakeLock = pthread_mutex_t()

    init() {
        pthread_mutex_init(&wakeLock, nil)
        pthread_cond_init(&wake, nil)
    }

    deinit {
        pthread_cond_destroy(&wake)
        pthread_mutex_destroy(&wakeLock)
    }

    func call(_ body: @escaping @Sendable (Int) -> Void) {
        lock.withLock { $0.body = body }
        ring()
    }

    /// All workers have returned from the call.
    func forget() {
        lock.withLock { $0.body = nil }
    }

    /// No call comes any more.
    func end() {
        lock.withLock { $0.isLast = true }
        ring()
    }

    /// A worker's life: answers every call until the last.
    func answer(as index: Int, meeting: Meeting) {
        var seen = 0
        while true {
            seen = waitForRing(after: seen)
            if lock.withLock({ $0.isLast }) { return }
            perform(index)
            meeting.barrier()
            meeting.barrier()
        }
    }

    /// A function of its own, so that the worker holds no reference to the body when it returns.
    @inline(never)
    private func perform(_ index: Int) {
        let body = lock.withLock { $0.body }
        body?(index)
    }

    private func ring() {
        pthread_mutex_lock(&wakeLock)
        announced.add(1, ordering: .releasing)
        pthread_cond_broadcast(&wake)
        pthread_mutex_unlock(&wakeLock)
    }

    /// Spins for some ten microseconds, then sleeps.
    private func waitForRing(after seen: Int) -> Int {
        for _ in 0..<2000 where announced.load(ordering: .acquiring) == seen { spinOnce() }
        pthread_mutex_lock(&wakeLock)
        while announced.load(ordering: .acquiring) == seen { pthread_cond_wait(&wake, &wakeLock) }
        pthread_mutex_unlock(&wakeLock)
        return seen + 1
    }
}

/// Starts a joinable thread.
private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(body)).toOpaque()
    let status = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, start)
    precondition(status == 0, "cannot start a thread: error \(status)")
    return thread
}
