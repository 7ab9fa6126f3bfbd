import Synchronization
import Testing

@testable import Kernels

@Suite("thread pool")
struct ThreadPoolTests {
    @Test("a pool may go before its threads have begun")
    func shortLived() {
        for _ in 0..<500 {
            _ = ThreadPool(threadCount: 4, cores: [], instructionSet: .scalar)
        }
    }

    @Test("every task is done once, in every round, with any number of threads", arguments: 1...5)
    func everyTaskOnce(threads: Int) {
        let pool = ThreadPool(threadCount: threads, cores: [], instructionSet: .best)
        for round in 0..<50 {
            let taskCount = round % 7 * 3
            let done = Mutex([Int](repeating: 0, count: taskCount))
            pool.run { worker in
                for _ in 0..<3 {
                    worker.forEachTask(taskCount) { task in done.withLock { $0[task] += 1 } }
                }
            }
            #expect(done.withLock { $0 } == [Int](repeating: 3, count: taskCount))
        }
    }

    @Test("nobody passes a barrier before all have come", arguments: 2...4)
    func barriers(threads: Int) {
        let pool = ThreadPool(threadCount: threads, cores: [], instructionSet: .best)
        let arrived = Atomic<Int>(0)
        let early = Atomic<Int>(0)
        pool.run { worker in
            for round in 1...200 {
                arrived.add(1, ordering: .relaxed)
                worker.barrier()
                if arrived.load(ordering: .relaxed) < round * threads {
                    early.add(1, ordering: .relaxed)
                }
                worker.barrier()
            }
        }
        #expect(early.load(ordering: .relaxed) == 0)
    }

    @Test("shares are even and cover everything")
    func shares() {
        let pool = ThreadPool(threadCount: 3, cores: [], instructionSet: .best)
        let covered = Mutex([Int](repeating: 0, count: 10))
        pool.run { worker in
            let share = worker.share(of: 10)
            covered.withLock { covered in for item in share { covered[item] += 1 } }
        }
        #expect(covered.withLock { $0 } == [Int](repeating: 1, count: 10))
    }
}
