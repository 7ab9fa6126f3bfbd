@testable import ChunkSizing
@testable import PipelineTypes
@testable import Scheduling

/// A scheduler whose stages compute nothing and take in virtual time what their costs say.
struct VirtualPipeline {
    private var scheduler: Scheduler
    private let stages: [PrefillCost]
    private var seconds = 0.0
    /// When each stage will be done with all that was dispatched.
    private var stageEnds: [Double]
    /// What will come back, and when; those from `nextReturn` on have not yet.
    private var returns: [(result: MicrobatchResult, seconds: Double)] = []
    private var nextReturn = 0
    private var actions: [Scheduler.Action] = []
    private(set) var eventCount = 0
    /// Requests that had all their tokens.
    private(set) var finishedCount = 0

    init(limits: ServingLimits, stages: [PrefillCost]) {
        scheduler = Scheduler(limits: limits, costs: stages)
        self.stages = stages
        stageEnds = [Double](repeating: 0, count: stages.count)
        send(.pipelineReady)
    }

    /// Handles events until every request has ended.
    mutating func run(_ requests: [GenerationRequest]) {
        for request in requests { send(.submit(request)) }
        while nextReturn < returns.count {
            let next = returns[nextReturn]
            nextReturn += 1
            seconds = max(seconds, next.seconds)
            send(.completed(next.result))
        }
    }

    private mutating func send(_ event: Scheduler.Event) {
        eventCount += 1
        actions.removeAll(keepingCapacity: true)
        scheduler.handle(event, at: Self.instant(seconds), into: &actions)
        for action in actions {
            switch action {
            case .dispatch(let microbatch): compute(microbatch)
            case .deliver(_, .ended(.finished)): finishedCount += 1
            case .deliver, .protocolViolation: break
            }
        }
    }

    private mutating func compute(_ microbatch: Microbatch) {
        var timings: [StageTiming] = []
        var arrived = seconds
        for (stage, cost) in stages.enumerated() {
            let began = max(arrived, stageEnds[stage])
            let ended = microbatch.chunks.reduce(began + cost.fixed) {
                $0 + cost.seconds($1.start..<$1.end) - cost.fixed
            }
            timings.append(
                StageTiming(
                    received: Self.instant(arrived), computeBegan: Self.instant(began),
                    computeEnded: Self.instant(ended), sendWaitNanoseconds: 0))
            stageEnds[stage] = ended
            arrived = ended
        }
        let chunks = microbatch.chunks.map { chunk in
            ChunkResult(
                request: chunk.request,
                sampled: chunk.outputs.sampling.map { _ in ScoredToken(token: 1) })
        }
        returns.append(
            (MicrobatchResult(id: microbatch.id, chunks: chunks, timings: timings), arrived))
    }

    private static func instant(_ seconds: Double) -> Instant {
        Instant(nanoseconds: Int64(seconds * 1e9))
    }
}
