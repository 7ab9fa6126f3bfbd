import Glibc
import Logging
import PipelineTypes
import Scheduling
import StageProtocol

/// The coordinator's thread: turns what clients ask and stages report into the scheduler's
/// events, and carries out its actions. It blocks in `poll` alone.
final class CoordinatorLoop {
    private let options: CoordinatorOptions
    private let inbox: Inbox
    private let shared: SharedState
    private let logger: Logger
    private var scheduler: Scheduler
    private var requests: [RequestID: AsyncStream<RequestEvent>.Continuation] = [:]
    private var inFlight: [MicrobatchID: (dispatched: Instant, tokenCount: Int)] = [:]

    private var pipeline: StagePipeline?
    private var restarts: RestartHistory
    private var restartAt: Instant?
    /// Called once, when the first pipeline is ready or will never be.
    private var started: ((CoordinatorError?) -> Void)?
    private var startFailure: String?
    /// The last loss, for those whose requests fail of it.
    private var lossReason = ""
    /// Why the coordinator has given up.
    private var failure: String?
    private var isShuttingDown = false

    init(
        _ options: CoordinatorOptions, inbox: Inbox, shared: SharedState,
        started: @escaping (CoordinatorError?) -> Void
    ) {
        self.options = options
        self.inbox = inbox
        self.shared = shared
        self.started = started
        logger = options.logger
        scheduler = Scheduler(limits: options.limits)
        restarts = RestartHistory(options.restartPolicy)
    }

    /// Starts the stages and serves until it is told to stop, or the start fails.
    func run() {
        launch(now: MonotonicClock.now())
        while !isOver {
            let ready = waitForNews()
            let now = MonotonicClock.now()
            for command in inbox.take() { carryOut(command, now: now) }
            endHungPipeline(now: now)
            if let pipeline {
                let events = pipeline.handle(ready: ready, now: now)
                for event in events { handle(event, now: now) }
            }
            if let due = restartAt, due <= now { restart(now: now) }
        }
        leave()
    }

    private var isOver: Bool {
        pipeline == nil && (isShuttingDown || startFailure != nil)
    }

    private func waitForNews() -> [pollfd] {
        var entries = [pollfd(fd: inbox.descriptor, events: Int16(POLLIN), revents: 0)]
        entries += pipeline?.descriptors ?? []
        let hung = options.timeouts.microbatch.flatMap { seconds in
            scheduler.oldestDispatch?.advanced(bySeconds: seconds)
        }
        let deadline = [pipeline?.deadline, restartAt, hung].compactMap(\.self).min()
        var milliseconds: Int32 = -1
        if let deadline {
            let left = deadline.nanoseconds - MonotonicClock.now().nanoseconds
            milliseconds = Int32(clamping: max(0, left / 1_000_000 + 1))
        }
        poll(&entries, UInt(entries.count), milliseconds)
        return entries
    }

    // MARK: Clients

    private func carryOut(_ command: Command, now: Instant) {
        switch command {
        case .submit(let request, let stream):
            requests[request.id] = stream
            if let failure {
                deliver(.ended(.failed(failure)), to: request.id)
            } else {
                schedule(.submit(request), now: now)
            }
        case .cancel(let id): schedule(.cancel(id), now: now)
        case .flushCache: schedule(.flushCache, now: now)
        case .shutDown: shutDown(now: now)
        }
    }

    private func shutDown(now: Instant) {
        guard !isShuttingDown else { return }
        isShuttingDown = true
        restartAt = nil
        schedule(.shutDown, now: now)
        schedule(.abandon(reason: Rejection.shuttingDown.message), now: now)
        pipeline?.shutDown(now: now)
    }

    private func deliver(_ event: RequestEvent, to id: RequestID) {
        guard let stream = requests[id] else { return }
        stream.yield(event)
        if case .ended = event {
            stream.finish()
            requests[id] = nil
        }
    }

    // MARK: The scheduler

    private func schedule(_ event: Scheduler.Event, now: Instant) {
        var actions: [Scheduler.Action] = []
        scheduler.handle(event, at: now, into: &actions)
        // Whoever is told something finds it in the status.
        publish()
        for action in actions {
            switch action {
            case .dispatch(let microbatch):
                inFlight[microbatch.id] = (now, microbatch.tokenCount)
                pipeline?.run(microbatch)
            case .deliver(let id, let event):
                deliver(event, to: id)
            case .protocolViolation(let what):
                pipeline?.lose("the stages broke the protocol: \(what)", now: now)
            }
        }
    }

    // MARK: The pipeline

    private func launch(now: Instant) {
        do {
            pipeline = try StagePipeline(options, now: now)
        } catch {
            lossReason = error.description
            noteEnd(reason: error.description, now: now)
        }
    }

    private func restart(now: Instant) {
        restartAt = nil
        shared.update { $0.restarts += 1 }
        launch(now: now)
    }

    private func handle(_ event: PipelineEvent, now: Instant) {
        switch event {
        case .progress(let report):
            options.reportProgress(report)
        case .ready:
            noteReady(now: now)
        case .completed(let result):
            keepTiming(of: result, now: now)
            schedule(.completed(result), now: now)
        case .lost(let reason):
            noteLoss(reason, now: now)
        case .ended:
            pipeline = nil
            noteEnd(reason: startFailure ?? "the stages ended", now: now)
        }
    }

    private func noteReady(now: Instant) {
        let figures = pipeline?.stageFigures ?? []
        shared.update { status in
            status.phase = .serving
            status.stageMemory = figures.map(\.memory)
            status.stageProcesses = figures.map(\.processID)
        }
        logger.info("the pipeline is ready", metadata: ["stages": "\(figures.count)"])
        if !isShuttingDown { schedule(.pipelineReady, now: now) }
        reportStart(nil)
    }

    private func noteLoss(_ reason: String, now: Instant) {
        inFlight = [:]
        guard started == nil else {
            startFailure = reason
            return
        }
        logger.error("the pipeline was lost", metadata: ["reason": "\(reason)"])
        lossReason = reason
        shared.update { $0.phase = .restarting }
        schedule(.pipelineLost, now: now)
    }

    private func noteEnd(reason: String, now: Instant) {
        guard !isShuttingDown else { return }
        guard started == nil else {
            startFailure = reason
            return
        }
        if let due = restarts.restart(after: now) {
            restartAt = due
        } else {
            let reason = "The pipeline was lost too often, the last time because \(lossReason)."
            logger.critical("\(reason)")
            failure = reason
            shared.fail(reason)
            schedule(.abandon(reason: reason), now: now)
        }
    }

    private func endHungPipeline(now: Instant) {
        guard let seconds = options.timeouts.microbatch, let oldest = scheduler.oldestDispatch,
            now.seconds(since: oldest) >= seconds
        else { return }
        pipeline?.lose("a microbatch did not come back within \(seconds) s", now: now)
    }

    private func reportStart(_ error: CoordinatorError?) {
        started?(error)
        started = nil
    }

    private func leave() {
        let reason = startFailure ?? Rejection.shuttingDown.message
        let isStarted = started == nil
        schedule(.abandon(reason: reason), now: MonotonicClock.now())
        for command in inbox.close() {
            guard case .submit(_, let stream) = command else { continue }
            stream.yield(.ended(.rejected(.shuttingDown)))
            stream.finish()
        }
        shared.stop(isStarted ? .stopped : .failed(reason))
        reportStart(CoordinatorError(reason))
    }

    // MARK: What others may see

    private func keepTiming(of result: MicrobatchResult, now: Instant) {
        guard let (dispatched, tokenCount) = inFlight.removeValue(forKey: result.id) else { return }
        shared.keep(
            MicrobatchTiming(
                id: result.id, tokenCount: tokenCount, dispatched: dispatched, completed: now,
                stages: result.timings))
    }

    private func publish() {
        let status = scheduler.status
        let totals = scheduler.totals
        shared.update {
            $0.scheduler = status
            $0.totals = totals
        }
    }
}
