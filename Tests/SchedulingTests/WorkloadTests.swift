import PipelineTypes
import Scheduling
import SeededRandom
import Testing

/// Random requests, limits, paces, cancellations and losses; everything else is checked by the
/// workbench after every event.
@Suite("Random workloads")
struct WorkloadTests {
    #if DEBUG
    static let runs: UInt64 = 60
    #else
    static let runs: UInt64 = 2000
    #endif

    @Test("whatever happens, every request gets exactly the output of its own history")
    func randomWorkloads() throws {
        var seen = SchedulerTotals()
        for seed in 0..<Self.runs {
            do {
                var workload = try Workload(seed: seed)
                try workload.run()
                seen.add(workload.bench.scheduler.totals)
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
        // The runs must not pass for want of trouble.
        #expect(seen.stepBacks > 5)
        #expect(seen.cachedTokens > 3000)
        #expect(seen.cancelledRequests > 20)
        #expect(seen.rejectedRequests > 20)
        #expect(seen.finishedRequests > 100)
    }

    @Test("the same events give the same actions", arguments: [1, 22, 333] as [UInt64])
    func determinism(seed: UInt64) throws {
        let traces = try (0..<2).map { _ in
            var workload = try Workload(seed: seed)
            try workload.run()
            return workload.bench.trace.finalize()
        }
        #expect(traces[0] == traces[1])
    }
}

extension SchedulerTotals {
    fileprivate mutating func add(_ other: SchedulerTotals) {
        stepBacks += other.stepBacks
        cachedTokens += other.cachedTokens
        cancelledRequests += other.cancelledRequests
        rejectedRequests += other.rejectedRequests
        finishedRequests += other.finishedRequests
    }
}

/// One random run, given by its seed.
struct Workload {
    private(set) var bench: Workbench
    private var random: SeededGenerator
    private var requests: [GenerationRequest] = []
    private var cancelled: Set<RequestID> = []
    private var lateResults: [MicrobatchResult] = []
    private let hasFaults: Bool
    /// Short prompts that grow long, on few pages: requests must step back all the time.
    private let isCrowded: Bool

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        isCrowded = random.once(in: 3)
        let pages = Int.random(in: isCrowded ? 4...10 : 3...30, using: &random)
        let limits = ServingLimits.test(
            stages: Int.random(in: 1...4, using: &random),
            depth: random.once(in: 3) ? nil : Int.random(in: 0...2, using: &random), pages: pages,
            context: isCrowded ? 800 : Int.random(in: 64...800, using: &random),
            running: Int.random(in: 1...10, using: &random),
            queued: random.once(in: 4) ? Int.random(in: 0...5, using: &random) : nil,
            chunking: Self.chunking(using: &random),
            prefillTokensMax: Int.random(in: 64...700, using: &random),
            decodeSteps: random.once(in: 3) ? Int.random(in: 1...3, using: &random) : nil,
            prefixCache: !random.once(in: 5))
        bench = try Workbench(limits)
        hasFaults = random.once(in: 2)
    }

    private static func chunking(using random: inout SeededGenerator) -> ChunkingPolicy {
        let tokens = Int.random(in: 1...5, using: &random) * 64
        return switch Int.random(in: 0..<8, using: &random) {
        case 0: .whole
        case 1: .dynamic(tokens: tokens, smoothingFactor: 0.75)
        case 2...4: .automatic
        default: .fixed(tokens: tokens)
        }
    }

    mutating func run() throws {
        let total = Int.random(in: 3...14, using: &random)
        while requests.count < total {
            switch Int.random(in: 0..<100, using: &random) {
            case ..<15: try submit()
            case ..<18: try cancel()
            case ..<20 where hasFaults: try fail(andSubmit: true)
            case 20: try bench.send(.flushCache)
            default: try advance()
            }
        }
        var patience = 100_000
        while !bench.scheduler.isIdle {
            patience -= 1
            guard patience > 0 else { throw Failure("livelock: \(bench.scheduler.totals)") }
            if random.once(in: 250) { try cancel() }
            if hasFaults && random.once(in: 400) { try fail(andSubmit: false) }
            guard !bench.pipeline.busyStages.isEmpty || bench.scheduler.isIdle else {
                throw Failure("deadlock: \(bench.scheduler.status)")
            }
            try advance()
        }
        try checkEnds()
    }

    private mutating func submit() throws {
        // Prompts often begin alike, so that they share pages.
        let family = UInt32.random(in: 0..<3, using: &random)
        let shared = prompt(
            Int.random(in: 0...(isCrowded ? 130 : 500), using: &random), salt: family)
        let own = (0..<Int.random(in: 0...90, using: &random)).map { _ in
            TokenID.random(in: 0..<97, using: &random)
        }
        var sampling = SamplingParameters()
        sampling.maxNewTokens =
            random.once(in: 16)
            ? nil : Int.random(in: isCrowded ? 50...250 : 0...70, using: &random)
        sampling.seed = UInt64.random(in: 0...2, using: &random)
        if random.once(in: isCrowded ? 8 : 2) { sampling.stopTokens = [3, 50] }
        if random.once(in: 3) {
            sampling.minNewTokens = Int.random(in: 0...(sampling.maxNewTokens ?? 9), using: &random)
        }
        if random.once(in: 4) { sampling.frequencyPenalty = 0.5 }
        if random.once(in: 4) { sampling.repetitionPenalty = 1.5 }
        var logprobs = LogprobOptions(output: random.once(in: 3))
        if random.once(in: 4) { logprobs.promptStart = Int.random(in: 0...400, using: &random) }
        let request = GenerationRequest(
            id: RequestID(UInt64(requests.count)), prompt: shared + own, sampling: sampling,
            logprobs: logprobs)
        requests.append(request)
        try bench.send(.submit(request))
    }

    private mutating func cancel() throws {
        guard let request = requests.randomElement(using: &random) else { return }
        if bench[request.id].end == nil { cancelled.insert(request.id) }
        try bench.send(.cancel(request.id))
    }

    private mutating func advance() throws {
        guard let stage = bench.pipeline.busyStages.randomElement(using: &random) else { return }
        try bench.advance(stage: stage)
    }

    /// The pipeline dies, one way or the other, and comes back after a while; what the old one
    /// had computed may come late.
    private mutating func fail(andSubmit: Bool) throws {
        if !bench.inFlight.isEmpty, random.once(in: 2) {
            lateResults.append(try bench.interceptResult())
        }
        try bench.send(.pipelineLost)
        while random.once(in: 2) {
            if andSubmit && !random.once(in: 3) { try submit() } else { try cancel() }
        }
        if let late = lateResults.randomElement(using: &random) { try bench.send(.completed(late)) }
        try bench.send(.pipelineReady)
        if let late = lateResults.randomElement(using: &random) { try bench.send(.completed(late)) }
    }

    private func checkEnds() throws {
        for request in requests {
            let transcript = bench[request.id]
            if case .rejected = transcript.end { continue }
            let oracle = Oracle(request, limits: bench.limits)
            switch transcript.end {
            case .finished(let reason):
                guard reason == oracle.reason, transcript.tokens == oracle.tokens,
                    transcript.scores == oracle.scores
                else { throw Failure("\(request.id) has got a wrong output") }
            case .cancelled:
                guard cancelled.contains(request.id),
                    oracle.tokens.starts(with: transcript.tokens),
                    oracle.scores.starts(with: transcript.scores)
                else { throw Failure("\(request.id) had got a wrong output") }
            case .rejected, .failed, nil:
                throw Failure("\(request.id) ended as \(String(describing: transcript.end))")
            }
        }
        let status = bench.scheduler.status
        guard status.usedPages == 0, status.freePages + status.cachedPages == bench.limits.pageCount
        else { throw Failure("pages are lost: \(status)") }
        guard bench.violations.isEmpty else { throw Failure(bench.violations[0]) }
    }
}
