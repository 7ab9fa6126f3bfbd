import PipelineTypes
import Scheduling
import Testing

/// What happens when the pages run out.
@Suite("Step back")
struct StepBackTests {
    /// Two requests that fit at first and do not when they grow.
    private func crowdedBench(stages: Int = 2) throws -> (Workbench, [RequestID]) {
        var bench = try Workbench(.test(stages: stages, pages: 12))
        let ids = try (0..<3).map { salt in
            try bench.submit(prompt(120, salt: UInt32(salt)), maxNewTokens: 350)
        }
        return (bench, ids)
    }

    @Test("the youngest steps back, and everybody gets the whole of their own output once")
    func nothingIsLost() throws {
        var (bench, ids) = try crowdedBench()
        try bench.drain()
        #expect(bench.scheduler.totals.stepBacks > 0)
        for id in ids {
            let oracle = Oracle(bench[id].request, limits: bench.limits)
            #expect(bench[id].tokens == oracle.tokens)
            #expect(bench[id].end == .finished(.length))
        }
    }

    @Test("the oldest request is never disturbed")
    func oldestGoesOn() throws {
        var (bench, ids) = try crowdedBench()
        try bench.drain()
        let ends = bench.chunks(of: ids[0]).map(\.chunk.end)
        #expect(zip(ends, ends.dropFirst()).allSatisfy(<))
        // The youngest computes positions twice, from a page boundary.
        let starts = bench.chunks(of: ids[2]).map(\.chunk.start)
        let rewinds = zip(starts, starts.dropFirst()).filter { $0 > $1 }
        #expect(!rewinds.isEmpty)
        #expect(rewinds.allSatisfy { $0.1 % Page.size == 0 })
    }

    @Test("a request that stepped back is at the head of the queue and holds no page")
    func headOfQueue() throws {
        var (bench, ids) = try crowdedBench(stages: 1)
        while bench.scheduler.totals.stepBacks == 0 {
            try bench.completeOne()
        }
        let late = try bench.submit(prompt(20, salt: 9))
        #expect(bench.scheduler.status.waitingRequests == 2)
        let before = bench.dispatched.count
        try bench.drain()
        let again = bench.chunks(of: ids[2]).first { $0.microbatch >= before }!.microbatch
        #expect(bench.chunks(of: late)[0].microbatch >= again)
    }

    @Test("scores of the prompt that were delivered are not delivered again")
    func scoresOnce() throws {
        var bench = try Workbench(.test(pages: 10))
        let options = LogprobOptions(promptStart: 0, output: true)
        let ids = try (0..<3).map { salt in
            try bench.submit(
                prompt(120, salt: UInt32(salt)), maxNewTokens: 350, logprobs: options)
        }
        try bench.drain()
        #expect(bench.scheduler.totals.stepBacks > 0)
        for id in ids {
            #expect(bench[id].scores == Oracle(bench[id].request, limits: bench.limits).scores)
            #expect(bench[id].tokens == Oracle(bench[id].request, limits: bench.limits).tokens)
        }
    }

    @Test("a request may be cancelled while it steps back")
    func cancelledWhileSteppingBack() throws {
        var (bench, ids) = try crowdedBench()
        while bench.scheduler.totals.stepBacks == 0 {
            try bench.completeOne()
        }
        try bench.send(.cancel(ids[2]))
        #expect(bench[ids[2]].end == .cancelled)
        try bench.drain()
        #expect(bench.scheduler.status.usedPages == 0)
    }

    @Test("one request may use every page")
    func allPages() throws {
        var bench = try Workbench(.test(stages: 3, pages: 6, chunking: .fixed(tokens: 64)))
        let id = try bench.submit(prompt(100), maxNewTokens: nil)
        let other = try bench.submit(prompt(100, salt: 1), maxNewTokens: nil)
        try bench.drain()
        #expect([id, other].map { bench[$0].tokens.count } == [285, 285])
    }

    @Test("cached pages go before anybody steps back")
    func cacheFirst() throws {
        var bench = try Workbench(.test(pages: 12))
        _ = try bench.submit(prompt(600))
        try bench.drain()
        let id = try bench.submit(prompt(600, salt: 1), maxNewTokens: 100)
        try bench.drain()
        #expect(bench[id].end == .finished(.length))
        #expect(bench.scheduler.totals.stepBacks == 0)
    }
}
