import PipelineTypes
import Scheduling
import Synchronization

/// What the coordinator's thread publishes for others.
final class SharedState: Sendable {
    private struct Content {
        var status: CoordinatorStatus
        var timings: TimingRing
        var isStopped = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let content: Mutex<Content>

    init(limits: ServingLimits, timingsKept: Int) {
        let scheduler = Scheduler(limits: limits)
        content = Mutex(
            Content(
                status: CoordinatorStatus(scheduler: scheduler.status, totals: scheduler.totals),
                timings: TimingRing(capacity: timingsKept)))
    }

    var status: CoordinatorStatus {
        content.withLock(\.status)
    }

    var timings: [MicrobatchTiming] {
        content.withLock(\.timings.all)
    }

    func update(_ body: (inout CoordinatorStatus) -> Void) {
        content.withLock { body(&$0.status) }
    }

    func keep(_ timing: MicrobatchTiming) {
        content.withLock { $0.timings.append(timing) }
    }

    /// The thread is about to end.
    func stop(_ phase: CoordinatorPhase) {
        let waiters = content.withLock { content in
            content.status.phase = phase
            content.isStopped = true
            defer { content.waiters = [] }
            return content.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the thread has stopped.
    func waitUntilStopped() async {
        await withCheckedContinuation { waiter in
            let isStopped = content.withLock { content in
                if !content.isStopped { content.waiters.append(waiter) }
                return content.isStopped
            }
            if isStopped { waiter.resume() }
        }
    }
}
