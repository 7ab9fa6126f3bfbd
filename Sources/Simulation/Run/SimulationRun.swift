import DequeModule
import PipelineTypes
import Scheduling
import Timelines

/// One simulation: a scheduler, a pipeline in virtual time, the clients, and a checker that watches
/// them.
package struct SimulationRun<Decider: SchedulerInterface> {
    /// A microbatch that was dispatched and has not come back.
    struct Flight {
        let id: MicrobatchID
        let dispatched: Instant
        /// What the last stage will have computed.
        var results: [ChunkResult] = []
        /// For the timeline, if there is one.
        var chunks: [ChunkSpan] = []
    }

    private let eventCountMax: Int
    let limits: ServingLimits
    let controlLatency: Double
    package internal(set) var scheduler: Decider
    var queue = EventQueue<SimulationEvent>()
    var clients: Clients
    var pipeline: SimulatedPipeline
    var contents: KVContents
    /// Oldest first.
    var flights = Deque<Flight>()
    var checker: RunChecker
    var recorder: RunRecorder
    var trace = TraceHash()
    var actions: [Scheduler.Action] = []
    /// The source of each request, at the index of its id.
    var sources: [Int] = []
    /// Requests that have not ended.
    var openCount = 0
    private var eventCount = 0
    private var givenUp: String?

    /// - Parameters:
    ///   - scheduler: for the scenario's limits; it has heard of nothing yet.
    ///   - keepsTimeline: takes memory for every microbatch on every stage.
    ///   - eventCountMax: events after which the run is given up.
    package init(
        _ scenario: Scenario, scheduler: Decider, keepsTimeline: Bool = true,
        eventCountMax: Int = 1_000_000_000
    ) throws(ScenarioError) {
        try scenario.check()
        self.scheduler = scheduler
        self.eventCountMax = eventCountMax
        limits = scenario.limits
        controlLatency = scenario.controlLatency
        clients = Clients(scenario.workload, seed: scenario.seed)
        pipeline = SimulatedPipeline(scenario)
        contents = KVContents(pageCount: scenario.limits.pageCount)
        checker = RunChecker(limits: scenario.limits)
        recorder = RunRecorder(limits: scenario.limits, keepsTimeline: keepsTimeline)
        scheduleBeginning(of: scenario)
    }

    private mutating func scheduleBeginning(of scenario: Scenario) {
        queue.schedule(.ready, at: .zero)
        for source in scenario.workload.indices {
            let (count, seconds) = clients.firstArrivals(of: source)
            for _ in 0..<count {
                queue.schedule(.submission(source: source), at: Instant(seconds: seconds))
            }
        }
        for case .stageDies(_, let time, let downSeconds) in scenario.faults {
            queue.schedule(.death(downSeconds: downSeconds), at: Instant(seconds: time))
        }
    }

    /// Runs until every request has ended and the scheduler is idle, or nothing happens any more.
    /// A violation ends the run, as what comes after it would be its consequence.
    package mutating func run() -> SimulationReport {
        while !isDone, checker.violations.isEmpty, let event = queue.next() {
            eventCount += 1
            guard isWithinBounds() else { break }
            trace.combine(event, at: queue.now)
            handle(event)
        }
        if checker.violations.isEmpty, givenUp == nil {
            checker.checkEnd(scheduler.status, isIdle: scheduler.isIdle)
        }
        var report = recorder.report()
        report.totals = scheduler.totals
        report.busySeconds = pipeline.busySeconds
        report.traceHash = trace.value
        report.eventCount = eventCount
        report.violations = checker.violations
        report.givenUp = givenUp
        return report
    }

    private var isDone: Bool {
        openCount == 0 && clients.areDone && scheduler.isIdle
    }

    /// Whether the run may go on. The scheduler adds up times in 64 bits.
    private mutating func isWithinBounds() -> Bool {
        if eventCount > eventCountMax {
            givenUp = "takes more than \(eventCountMax) events"
        } else if queue.now >= .horizon {
            givenUp = "takes \(Instant.horizon.nanoseconds / 1_000_000_000) s or more"
        } else if scheduler.totals.queueNanoseconds > Self.queueNanosecondsMax {
            givenUp =
                "lets requests wait for more than "
                + "\(Self.queueNanosecondsMax / 1_000_000_000) s, all together"
        }
        return givenUp == nil
    }

    private static var queueNanosecondsMax: Int64 {
        .max / 4
    }
}
