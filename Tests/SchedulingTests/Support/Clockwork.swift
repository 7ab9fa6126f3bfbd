import ChunkSizing
import PipelineTypes
import Scheduling

/// A scheduler whose stages take exactly what their costs say, in virtual time, with nothing lost
/// in between.
struct Clockwork {
    private(set) var scheduler: Scheduler
    var stages: [PrefillCost]
    /// Seconds that every stage takes for each microbatch before it begins to compute.
    var turnaround = 0.0
    /// Seconds until the last completion.
    private(set) var seconds = 0.0
    /// Positions of all prompt chunks, in the order of their dispatch.
    private(set) var chunks: [Range<Int>] = []
    /// The pages of all chunks.
    private(set) var pages: [[PageID]] = []
    private(set) var microbatchCount = 0
    /// Dispatched, with the time at which the last stage will be done.
    private var pending: [(result: MicrobatchResult, seconds: Double)] = []
    private var stageEnds: [Double]
    private var nextID: UInt64 = 1

    init(
        limits: ServingLimits, stages: [PrefillCost], knownCosts: Bool, isReady: Bool = true
    ) {
        scheduler = Scheduler(limits: limits, costs: knownCosts ? stages : nil)
        self.stages = stages
        stageEnds = [Double](repeating: 0, count: stages.count)
        if isReady { begin() }
    }

    mutating func begin() {
        send(.pipelineReady)
    }

    mutating func submit(tokens: Int, generating: Int = 1, uncomputedPages: Int = 0) {
        var sampling = SamplingParameters()
        sampling.maxNewTokens = generating
        send(
            .submit(
                GenerationRequest(
                    id: RequestID(nextID), prompt: prompt(tokens, salt: UInt32(nextID)),
                    sampling: sampling, uncomputedPages: uncomputedPages)))
        nextID += 1
    }

    /// Lets so many microbatches come back, or all.
    mutating func run(microbatches: Int = .max) {
        var left = microbatches
        while left > 0, !pending.isEmpty {
            let next = pending.removeFirst()
            seconds = max(seconds, next.seconds)
            send(.completed(next.result))
            left -= 1
        }
    }

    mutating func send(_ event: Scheduler.Event) {
        var actions: [Scheduler.Action] = []
        scheduler.handle(event, at: Self.instant(seconds), into: &actions)
        scheduler._checkInvariants()
        for case .dispatch(let microbatch) in actions { compute(microbatch) }
    }

    private mutating func compute(_ microbatch: Microbatch) {
        microbatchCount += 1
        var timings: [StageTiming] = []
        var before = seconds
        for (stage, cost) in stages.enumerated() {
            let began = max(before, stageEnds[stage]) + turnaround
            var ended = began + cost.fixed
            for chunk in microbatch.chunks {
                ended += cost.seconds(chunk.start..<chunk.end) - cost.fixed
            }
            timings.append(
                StageTiming(
                    received: Self.instant(before), computeBegan: Self.instant(began),
                    computeEnded: Self.instant(ended), sendWaitNanoseconds: 0))
            stageEnds[stage] = ended
            before = ended
        }
        pages += microbatch.chunks.map(\.pages)
        chunks += microbatch.chunks.filter { $0.tokens.count > 1 }.map { $0.start..<$0.end }
        let results = microbatch.chunks.map { chunk in
            ChunkResult(
                request: chunk.request,
                sampled: chunk.outputs.sampling.map { _ in ScoredToken(token: 1) })
        }
        pending.append(
            (MicrobatchResult(id: microbatch.id, chunks: results, timings: timings), before))
    }

    private static func instant(_ seconds: Double) -> Instant {
        Instant(nanoseconds: Int64((seconds * 1e9).rounded()))
    }
}
