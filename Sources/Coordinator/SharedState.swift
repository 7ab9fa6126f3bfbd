import PipelineTypes
import Scheduling
import Synchronization
import Timelines

/// What the coordinator's thread publishes for others.
final class SharedState: Sendable {
    private struct Content {
        var status: CoordinatorStatus
        var recent: TimelineRing
        var recordings: [TimelineRecording] = []
        var isStopped = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let content: Mutex<Content>
    /// Holds the reason once the pipeline is given up; ends with the thread.
    let failures: AsyncStream<String>
    private let failuresContinuation: AsyncStream<String>.Continuation

    init(limits: ServingLimits, timingsKept: Int) {
        (failures, failuresContinuation) = AsyncStream.makeStream()
        let scheduler = Scheduler(limits: limits)
        content = Mutex(
            Content(
                status: CoordinatorStatus(scheduler: scheduler.status, totals: scheduler.totals),
                recent: TimelineRing(microbatchesMax: timingsKept)))
    }

    var status: CoordinatorStatus {
        content.withLock(\.status)
    }

    var recent: TimelineRing {
        content.withLock(\.recent)
    }

    func update(_ body: (inout CoordinatorStatus) -> Void) {
        content.withLock { body(&$0.status) }
    }

    func keep(_ microbatch: MicrobatchSpan) {
        let recordings = content.withLock { content in
            content.recent.append(microbatch)
            content.status.lastCompletion = microbatch.completed
            return content.recordings
        }
        for recording in recordings { recording.record(microbatch) }
    }

    func add(_ recording: TimelineRecording) {
        content.withLock { $0.recordings.append(recording) }
    }

    func remove(_ recording: TimelineRecording) {
        content.withLock { $0.recordings.removeAll { $0 === recording } }
    }

    /// The pipeline will not come back.
    func fail(_ reason: String) {
        update { $0.phase = .failed(reason) }
        failuresContinuation.yield(reason)
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
        failuresContinuation.finish()
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
