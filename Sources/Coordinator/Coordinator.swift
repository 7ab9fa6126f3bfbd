import Foundation
package import PipelineTypes
import StageProtocol
import Synchronization
package import Timelines

/// Runs the scheduler on a thread of its own; starts, watches and restarts the stages. When a
/// stage dies, clients stay connected, and what was in flight is computed again.
///
/// Whoever starts a coordinator must shut it down: its thread and its stages keep it alive.
package final class Coordinator: Sendable {
    private let options: CoordinatorOptions
    private let inbox: Inbox
    private let shared: SharedState
    private let nextRequest = Atomic<UInt64>(0)
    private let isStarted = Atomic<Bool>(false)

    package init(_ options: CoordinatorOptions) throws(CoordinatorError) {
        self.options = options
        inbox = try Inbox()
        shared = SharedState(limits: options.limits, timingsKept: options.timingsKept)
    }

    /// Starts the stages and waits until they have loaded the model. Throws one line that says
    /// what is wrong; no process is left then. May be called once.
    package func start() async throws(CoordinatorError) {
        let isFirst = isStarted.compareExchange(
            expected: false, desired: true, ordering: .relaxed
        ).exchanged
        precondition(isFirst, "a coordinator starts once")
        let failure: CoordinatorError? = await withCheckedContinuation { started in
            let thread = Thread { [options, inbox, shared] in
                CoordinatorLoop(options, inbox: inbox, shared: shared) {
                    started.resume(returning: $0)
                }
                .run()
            }
            thread.name = "coordinator"
            thread.start()
        }
        if let failure { throw failure }
    }

    /// Submits a request. The stream ends after `.ended`; whoever stops reading it cancels the
    /// request.
    package func submit(
        prompt: [TokenID], sampling: SamplingParameters,
        logprobs: LogprobOptions = LogprobOptions(), uncomputedPages: Int = 0
    ) -> (id: RequestID, events: AsyncStream<RequestEvent>) {
        let id = RequestID(nextRequest.add(1, ordering: .relaxed).newValue)
        let (events, continuation) = AsyncStream.makeStream(of: RequestEvent.self)
        continuation.onTermination = { [inbox] termination in
            if case .cancelled = termination { _ = inbox.post(.cancel(id)) }
        }
        let request = GenerationRequest(
            id: id, prompt: prompt, sampling: sampling, logprobs: logprobs,
            uncomputedPages: uncomputedPages)
        if !inbox.post(.submit(request, continuation)) {
            continuation.yield(.ended(.rejected(.shuttingDown)))
            continuation.finish()
        }
        return (id, events)
    }

    /// Ends a request, unless it has ended.
    package func cancel(_ id: RequestID) {
        _ = inbox.post(.cancel(id))
    }

    /// Forgets all cached pages that no request uses.
    package func flushCache() {
        _ = inbox.post(.flushCache)
    }

    /// Forgets what the stages took so far. Every prompt is one chunk until `endCostProfile`.
    package func beginCostProfile() {
        _ = inbox.post(.beginCostProfile)
    }

    /// Chooses chunks by what has been learnt.
    package func endCostProfile() {
        _ = inbox.post(.endCostProfile)
    }

    /// Starts the stages anew with another layer partition, if partitions follow costs and one is
    /// clearly faster. Requests go on afterwards.
    package func repartition() {
        _ = inbox.post(.repartition)
    }

    package var status: CoordinatorStatus {
        shared.status
    }

    /// When the stages worked on the last microbatches.
    package var recentTimeline: Timeline {
        timeline(shared.recent)
    }

    /// Records every microbatch that is dispatched from now on and comes back; those that are lost
    /// with a pipeline leave a gap.
    package func start(_ recording: TimelineRecording) {
        recording.begin(at: MonotonicClock.now())
        shared.add(recording)
    }

    /// Ends a recording and returns what it holds, once; later there is nothing left.
    package func stop(_ recording: TimelineRecording) -> Timeline {
        shared.remove(recording)
        return timeline(recording.take())
    }

    private func timeline(_ ring: TimelineRing) -> Timeline {
        Timeline(
            source: options.timelineSource, stageCount: options.limits.stageCount,
            microbatchesInFlightMax: options.limits.microbatchesInFlightMax,
            microbatches: ring.microbatches, droppedCount: ring.droppedCount)
    }

    /// Returns the reason when the pipeline was lost too often to be started again; nil when the
    /// coordinator has stopped or the task is cancelled. One task at a time may wait.
    package func failure() async -> String? {
        for await reason in shared.failures { return reason }
        return nil
    }

    /// Ends every request and every process, within five seconds whatever state they are in.
    package func shutDown() async {
        guard isStarted.load(ordering: .relaxed) else { return }
        _ = inbox.post(.shutDown)
        await shared.waitUntilStopped()
    }
}
