import ChunkSizing
import Glibc
import Logging
import PipelineTypes
import Scheduling
import StageProtocol
import Timelines

/// The coordinator's thread: turns what clients ask and stages report into the scheduler's
/// events, and carries out its actions. It blocks in `poll` alone.
final class CoordinatorLoop {
    private var options: CoordinatorOptions
    private let inbox: Inbox
    private let shared: SharedState
    private let logger: Logger
    private var scheduler: Scheduler
    private var requests: [RequestID: AsyncStream<RequestEvent>.Continuation] = [:]
    private var inFlight: [MicrobatchID: (dispatched: Instant, chunks: [ChunkSpan])] = [:]
    private var prefill = PrefillProgress()

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
        scheduler = Scheduler(limits: options.limits, costs: options.costs)
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
            prefill.begin(request.id, tokenCount: request.prompt.count)
            if let failure {
                deliver(.ended(.failed(failure)), to: request.id)
            } else {
                schedule(.submit(request), now: now)
            }
        case .cancel(let id): schedule(.cancel(id), now: now)
        case .repartition: repartition(now: now)
        case .flushCache: schedule(.flushCache, now: now)
        case .beginCostProfile: schedule(.beginCostProfile, now: now)
        case .endCostProfile: schedule(.endCostProfile, now: now)
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
            prefill.end(id)
        }
    }

    // MARK: The scheduler

    private func schedule(_ event: Scheduler.Event, now: Instant) {
        var actions: [Scheduler.Action] = []
        scheduler.handle(event, at: now, into: &actions)
        // The stages go on first; whoever is told something finds it in the status.
        for case .dispatch(let microbatch) in actions { dispatch(microbatch, now: now) }
        publish()
        for action in actions {
            switch action {
            case .dispatch: break
            case .deliver(let id, let event):
                deliver(event, to: id)
            case .protocolViolation(let what):
                pipeline?.lose("the stages broke the protocol: \(what)", now: now)
            }
        }
    }

    private func dispatch(_ microbatch: Microbatch, now: Instant) {
        let spans = microbatch.chunks.map {
            ChunkSpan(request: $0.request, positions: $0.start..<$0.end)
        }
        inFlight[microbatch.id] = (now, spans)
        pipeline?.run(microbatch)
    }

    // MARK: The pipeline

    /// Starts the stages anew if another layer partition would be faster.
    private func repartition(now: Instant) {
        guard betterPartition != nil, let pipeline else { return }
        pipeline.lose("its layers are shared out anew", now: now)
    }

    private var betterPartition: [Int]? {
        let estimates = scheduler.status.stageCosts
        guard options.partitionsByCost, estimates.count == options.stages.count else { return nil }
        return CostPartition.improvement(
            on: estimates.map(\.cost), error: estimates.map(\.relativeError).max() ?? 0,
            layerCounts: options.stages[0].layerCounts,
            positions: 0..<min(options.limits.contextLength, Self.referencePromptMax))
    }

    /// Tokens of the prompt that partitions are compared with.
    private static let referencePromptMax = 32_768

    /// Lets the stages that start next have as many layers as suits their speed.
    private func shareOutLayers(now: Instant) {
        guard let better = betterPartition else { return }
        let before = options.stages[0].layerCounts
        for stage in options.stages.indices { options.stages[stage].layerCounts = better }
        let texts = [before, better].map { $0.map(String.init).joined(separator: " + ") }
        logger.info("layers are shared out by cost: \(texts[1]) instead of \(texts[0])")
        schedule(
            .scaleCosts(factors: zip(better, before).map { Double($0) / Double($1) }), now: now)
    }

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
        shareOutLayers(now: now)
        launch(now: now)
    }

    private func handle(_ event: PipelineEvent, now: Instant) {
        switch event {
        case .progress(let report):
            options.reportProgress(report)
        case .ready:
            noteReady(now: now)
        case .completed(let result):
            noteReturn(of: result, now: now)
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
        let layerCounts = options.stages[0].layerCounts
        shared.update { status in
            status.phase = .serving
            status.stageMemory = figures.map(\.memory)
            status.stageProcesses = figures.map(\.processID)
            status.layerCounts = layerCounts
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

    private func noteReturn(of result: MicrobatchResult, now: Instant) {
        guard let (dispatched, chunks) = inFlight.removeValue(forKey: result.id) else { return }
        for line in prefill.note(chunks, dispatched: dispatched, completed: now) {
            logger.info("\(line)")
        }
        guard result.timings.count == options.limits.stageCount,
            let left = result.timings.last?.computeEnded
        else { return }
        // The loop looked at the clock before it read the message.
        let completed = max(now, left)
        shared.keep(
            MicrobatchSpan(
                id: result.id, dispatched: dispatched, completed: completed, chunks: chunks,
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
