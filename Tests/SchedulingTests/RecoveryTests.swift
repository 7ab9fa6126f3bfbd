import PipelineTypes
import Scheduling
import Testing

/// Pipelines that die, and pipelines that lie.
@Suite("Recovery")
struct RecoveryTests {
    private func busyBench() throws -> (Workbench, [RequestID]) {
        var bench = try Workbench(.test(stages: 3, chunking: .fixed(tokens: 64)))
        let ids = try (0..<3).map { salt in
            try bench.submit(
                prompt(150, salt: UInt32(salt)), maxNewTokens: 40,
                logprobs: LogprobOptions(promptStart: 3, output: true))
        }
        for _ in 0..<20 {
            try bench.completeOne()
        }
        return (bench, ids)
    }

    private func expectOracle(_ bench: Workbench, _ ids: [RequestID]) {
        for id in ids {
            let oracle = Oracle(bench[id].request, limits: bench.limits)
            #expect(bench[id].tokens == oracle.tokens)
            #expect(bench[id].scores == oracle.scores)
            #expect(bench[id].end == .finished(.length))
        }
    }

    @Test("after a loss all goes on where it was, and nothing is delivered twice")
    func replay() throws {
        var (bench, ids) = try busyBench()
        #expect(bench[ids[0]].tokens.count > 2)
        try bench.send(.pipelineLost)
        #expect(bench.scheduler.status.waitingRequests == 3)
        #expect(bench.scheduler.status.freePages == 64)
        #expect(bench.inFlight.isEmpty)
        try bench.send(.pipelineReady)
        try bench.drain()
        expectOracle(bench, ids)
    }

    @Test("requests return to the queue in their order, before those that waited")
    func orderIsKept() throws {
        var bench = try Workbench(.test(running: 3, chunking: .fixed(tokens: 64)))
        let ids = try (0..<6).map { try bench.submit(prompt(70, salt: UInt32($0))) }
        try bench.send(.pipelineLost)
        let before = bench.dispatched.count
        try bench.send(.pipelineReady)
        try bench.drain()
        let again = ids.map { id in
            bench.chunks(of: id).first { $0.microbatch >= before }!.microbatch
        }
        #expect(again == again.sorted())
    }

    @Test("results of a lost pipeline are ignored, before and after its successor begins")
    func lateResults() throws {
        var (bench, ids) = try busyBench()
        let late = try bench.interceptResult()
        try bench.send(.pipelineLost)
        #expect(try bench.send(.completed(late)).isEmpty)
        try bench.send(.pipelineReady)
        #expect(try bench.send(.completed(late)).isEmpty)
        try bench.drain()
        expectOracle(bench, ids)
        #expect(bench.violations.isEmpty)
    }

    @Test("a request that was cancelled in flight is done with when the pipeline is lost")
    func cancelledAndLost() throws {
        var (bench, ids) = try busyBench()
        try bench.send(.cancel(ids[1]))
        try bench.send(.pipelineLost)
        try bench.send(.pipelineReady)
        try bench.drain()
        expectOracle(bench, [ids[0], ids[2]])
        #expect(bench.scheduler.isIdle)
    }

    @Test("the cache of a lost pipeline is empty")
    func cacheIsLost() throws {
        var bench = try Workbench(.test())
        _ = try bench.submit(prompt(300))
        try bench.drain()
        try bench.send(.pipelineLost)
        try bench.send(.pipelineReady)
        let again = try bench.submit(prompt(300))
        #expect(bench[again].cachedTokens == 0)
        try bench.drain()
    }

    @Test("losing a pipeline twice, or none, changes nothing")
    func repeatedLoss() throws {
        var (bench, ids) = try busyBench()
        try bench.send(.pipelineLost)
        try bench.send(.pipelineLost)
        try bench.send(.pipelineReady)
        try bench.send(.pipelineReady)
        try bench.drain()
        expectOracle(bench, ids)
    }

    /// Ways in which a result can be wrong.
    enum Lie: CaseIterable {
        case unknownMicrobatch, skippedMicrobatch, repeatedMicrobatch, missingChunk, extraChunk
        case otherRequest, missingToken, unwantedToken, missingScore, otherScore

        func tell(_ truth: MicrobatchResult) -> MicrobatchResult {
            var result = truth
            switch self {
            case .unknownMicrobatch: result.id = MicrobatchID(truth.id.rawValue + 1000)
            case .skippedMicrobatch: result.id = MicrobatchID(truth.id.rawValue + 1)
            case .repeatedMicrobatch: result.id = MicrobatchID(truth.id.rawValue - 1)
            case .missingChunk: result.chunks.removeLast()
            case .extraChunk: result.chunks.append(truth.chunks[0])
            case .otherRequest: result.chunks[0].request = RequestID(77)
            case .missingToken: result.chunks[0].sampled = nil
            case .unwantedToken: result.chunks[1].sampled = ScoredToken(token: 1)
            case .missingScore: result.chunks[1].promptLogprobs.removeLast()
            case .otherScore: result.chunks[1].promptLogprobs[0].token += 1
            }
            return result
        }
    }

    @Test(
        "a result that nobody asked for gives the pipeline up and costs no request anything",
        arguments: Lie.allCases)
    func lies(lie: Lie) throws {
        var bench = try Workbench(.test(stages: 1, depth: 1, chunking: .fixed(tokens: 64)))
        let decoder = try bench.submit(prompt(20), maxNewTokens: 10)
        try bench.completeOne()
        let scored = try bench.submit(
            prompt(300, salt: 1), logprobs: LogprobOptions(promptStart: 0))
        try bench.completeOne()
        // Now a step and a scored chunk travel together.
        while bench.inFlight[0].chunks.count < 2 {
            try bench.completeOne()
        }
        let truth = try bench.interceptResult()
        try bench.send(.completed(lie.tell(truth)))
        #expect(bench.violations.count == 1)
        #expect(!bench.scheduler.status.isPipelineReady)
        #expect(try bench.send(.completed(truth)).isEmpty)
        try bench.send(.pipelineReady)
        try bench.drain()
        for id in [decoder, scored] {
            let oracle = Oracle(bench[id].request, limits: bench.limits)
            #expect(bench[id].tokens == oracle.tokens)
            #expect(bench[id].scores == oracle.scores)
        }
    }

    @Test("the oldest dispatch tells how long the pipeline has been silent")
    func oldestDispatch() throws {
        var bench = try Workbench(.test(stages: 2, chunking: .fixed(tokens: 64)))
        #expect(bench.scheduler.oldestDispatch == nil)
        _ = try bench.submit(prompt(200))
        let first = bench.scheduler.oldestDispatch
        #expect(first != nil)
        try bench.completeOne()
        try bench.completeOne()
        #expect(bench.scheduler.oldestDispatch! > first!)
        try bench.drain()
        #expect(bench.scheduler.oldestDispatch == nil)
    }
}
