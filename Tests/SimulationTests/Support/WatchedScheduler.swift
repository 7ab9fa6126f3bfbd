import PipelineTypes
import Scheduling
import Simulation

/// The real scheduler, whose words to the clients are written down, and which looks for
/// contradictions in its state after every event.
struct WatchedScheduler: SchedulerInterface {
    struct Transcript {
        let request: GenerationRequest
        var tokens: [TokenID] = []
        var ends: [RequestEnd] = []
        var isCancelled = false
    }

    private var scheduler: Scheduler
    /// At the index of the request's id.
    private(set) var transcripts: [Transcript] = []
    /// Times that the pipeline was lost with microbatches in flight.
    private(set) var lossCount = 0

    init(_ scheduler: Scheduler) {
        self.scheduler = scheduler
    }

    var status: SchedulerStatus { scheduler.status }
    var totals: SchedulerTotals { scheduler.totals }
    var isIdle: Bool { scheduler.isIdle }

    mutating func handle(
        _ event: Scheduler.Event, at now: Instant, into actions: inout [Scheduler.Action]
    ) {
        switch event {
        case .submit(let request): transcripts.append(Transcript(request: request))
        case .cancel(let id): transcripts[Int(id.rawValue)].isCancelled = true
        case .pipelineLost where status.microbatchesInFlight > 0: lossCount += 1
        default: break
        }
        scheduler.handle(event, at: now, into: &actions)
        scheduler._checkInvariants()
        for case .deliver(let id, let event) in actions {
            switch event {
            case .token(let token): transcripts[Int(id.rawValue)].tokens.append(token.token)
            case .ended(let end): transcripts[Int(id.rawValue)].ends.append(end)
            case .started, .promptLogprobs: break
            }
        }
    }
}
