internal import CKernels
import Glibc
internal import Synchronization

/// Where the workers of a pool meet: a barrier, and a counter from which they claim tasks.
final class Meeting: Sendable {
    let workerCount: Int
    private let arrived = Atomic<Int>(0)
    private let generation = Atomic<Int>(0)
    private let claimed = Atomic<Int>(0)

    init(workerCount: Int) {
        self.workerCount = workerCount
    }

    func claim() -> Int {
        claimed.add(1, ordering: .relaxed).oldValue
    }

    func barrier() {
        guard workerCount > 1 else { return }
        let round = generation.load(ordering: .relaxed)
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == workerCount {
            arrived.store(0, ordering: .relaxed)
            generation.store(round + 1, ordering: .releasing)
            return
        }
        waitBriefly { generation.load(ordering: .acquiring) != round }
    }
}

/// Spins until the condition holds; yields the core when that takes long, so that more threads
/// than cores still get on.
func waitBriefly(until holds: () -> Bool) {
    var attempts = 0
    while !holds() {
        attempts += 1
        if attempts < 4000 { pk_pause() } else { sched_yield() }
    }
}
