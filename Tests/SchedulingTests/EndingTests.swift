import PipelineTypes
import Scheduling
import Testing

/// How requests end, and when their pages become free.
@Suite("Ending")
struct EndingTests {
    @Test("a stop token is delivered and ends the request")
    func stopToken() throws {
        var bench = try Workbench(.test())
        let free = try bench.submit(prompt(70), maxNewTokens: 30)
        try bench.drain()
        let stop = bench[free].tokens[12].token
        let first = bench[free].tokens.firstIndex { $0.token == stop }!
        let id = try bench.submit(prompt(70), maxNewTokens: 30) { $0.stopTokens = [stop] }
        try bench.drain()
        #expect(bench[id].tokens == Array(bench[free].tokens[...first]))
        #expect(bench[id].end == .finished(.stopToken(stop)))
    }

    @Test("until enough tokens are generated stop tokens are forbidden")
    func minNewTokens() throws {
        var bench = try Workbench(.test())
        let id = try bench.submit(prompt(70), maxNewTokens: 90) {
            $0.stopTokens = Array(0..<60)
            $0.minNewTokens = 20
        }
        try bench.drain()
        #expect(bench[id].tokens.prefix(20).allSatisfy { $0.token >= 60 })
        #expect(bench[id].tokens.count > 20)
        let steps = bench.chunks(of: id).map { $0.chunk.outputs.sampling!.logitBias.count }
        #expect(Array(steps.prefix(21)) == Array(repeating: 60, count: 20) + [0])
    }

    @Test("a request for no token ends when its prompt is computed, and samples nothing")
    func scoreOnly() throws {
        var bench = try Workbench(.test(chunking: .fixed(tokens: 64)))
        let options = LogprobOptions(promptStart: 0)
        let id = try bench.submit(prompt(300), maxNewTokens: 0, logprobs: options)
        try bench.drain()
        #expect(bench[id].end == .finished(.length))
        #expect(bench[id].tokens.isEmpty)
        #expect(bench[id].scores.map(\.token) == Array(prompt(300).dropFirst()))
        #expect(bench.dispatched.allSatisfy { $0.chunks.allSatisfy { $0.outputs.sampling == nil } })
    }

    @Test("a request whose logits are no numbers fails alone")
    func notFinite() throws {
        var bench = try Workbench(.test(stages: 3, chunking: .fixed(tokens: 64)))
        let other = try bench.submit(prompt(70), maxNewTokens: 3)
        let id = try bench.submit(prompt(500, salt: 9), maxNewTokens: 3)
        while bench[id].end == nil {
            var result = try bench.interceptResult()
            for index in result.chunks.indices where result.chunks[index].request == id {
                result.chunks[index] = ChunkResult(request: id, sampled: nil)
                result.chunks[index].isFinite = false
            }
            try bench.deliver(result)
        }
        guard case .failed(let reason) = bench[id].end else {
            Issue.record("it ended with \(String(describing: bench[id].end))")
            return
        }
        #expect(reason.contains("no finite numbers") && bench[id].tokens.isEmpty)
        try bench.drain()
        #expect(bench[other].end == .finished(.length) && bench[other].tokens.count == 3)
        #expect(bench.violations.isEmpty && bench.scheduler.status.usedPages == 0)
    }

    @Test("the pages of a cancelled request become free when its last chunk is back")
    func cancelInFlight() throws {
        var bench = try Workbench(
            .test(stages: 3, chunking: .fixed(tokens: 64), prefixCache: false))
        let id = try bench.submit(prompt(500))
        #expect(bench.inFlight.count == 3)
        try bench.send(.cancel(id))
        #expect(bench[id].end == .cancelled)
        #expect(bench.inFlight.count == 3)
        for _ in 0..<2 {
            try bench.completeOne()
            #expect(bench.scheduler.status.usedPages == 3)
        }
        try bench.completeOne()
        #expect(bench.scheduler.status.freePages == 64)
        #expect(bench.scheduler.isIdle)
    }

    @Test("the result that comes after a cancellation is dropped")
    func lateToken() throws {
        var bench = try Workbench(.test())
        let id = try bench.submit(prompt(20), maxNewTokens: 5)
        try bench.completeOne()
        try bench.send(.cancel(id))
        try bench.drain()
        #expect(bench[id].tokens.count == 1)
        #expect(bench.scheduler.totals.generatedTokens == 1)
    }

    @Test("cancelling what waits, has ended or never was does no harm")
    func harmlessCancellations() throws {
        var bench = try Workbench(.test(running: 1))
        let runs = try bench.submit(prompt(20))
        let waits = try bench.submit(prompt(20))
        #expect(
            try bench.send(.cancel(waits)) == [.deliver(waits, .ended(.cancelled))])
        try bench.drain()
        #expect(try bench.send(.cancel(runs)).isEmpty)
        #expect(try bench.send(.cancel(RequestID(99))).isEmpty)
        #expect(bench[runs].end == .finished(.length))
    }

    @Test("abandoned requests all fail, each once, for the reason given")
    func abandon() throws {
        var bench = try Workbench(.test(running: 2))
        let ids = try (0..<3).map { try bench.submit(prompt(200, salt: UInt32($0))) }
        try bench.send(.abandon(reason: "no stages"))
        #expect(ids.map { bench[$0].end } == Array(repeating: .failed("no stages"), count: 3))
        try bench.drain()
        #expect(bench.scheduler.status.usedPages == 0)
        #expect(bench.scheduler.totals.failedRequests == 3)
    }
}
