import PipelineTypes
import Scheduling
import Testing

/// Requests with the same beginning share its pages.
@Suite("Prefix sharing")
struct PrefixSharingTests {
    @Test("a prompt that was computed before is not computed again, but for its last token")
    func repeatedPrompt() throws {
        var bench = try Workbench(.test())
        _ = try bench.submit(prompt(300))
        try bench.drain()
        let again = try bench.submit(prompt(300))
        try bench.drain()
        #expect(bench[again].cachedTokens == 256)
        #expect(bench.chunks(of: again)[0].chunk.start == 256)
        #expect(bench.scheduler.totals.cachedTokens == 256)
    }

    @Test("of a prompt of whole pages the last page is computed again")
    func wholePages() throws {
        var bench = try Workbench(.test())
        _ = try bench.submit(prompt(256))
        try bench.drain()
        let again = try bench.submit(prompt(256), maxNewTokens: 200)
        try bench.drain()
        #expect(bench[again].cachedTokens == 192)
        #expect(bench[again].end == .finished(.length))
    }

    @Test("generated tokens are shared as well")
    func conversation() throws {
        var bench = try Workbench(.test())
        let first = try bench.submit(prompt(100), maxNewTokens: 100)
        try bench.drain()
        let second = try bench.submit(bench[first].history.tokens + prompt(10))
        try bench.drain()
        // 199 positions were computed: the last token never is.
        #expect(bench[second].cachedTokens == 192)
    }

    @Test("a request goes on with the pages that another one dispatched meanwhile")
    func sideBySide() throws {
        var bench = try Workbench(
            .test(stages: 2, pages: 100, chunking: .fixed(tokens: 128)), isReady: false)
        let ids = try (0..<4).map { try bench.submit(prompt(1000) + [TokenID($0)]) }
        try bench.send(.pipelineReady)
        try bench.drain()
        let computed = ids.map { id in
            bench.chunks(of: id).reduce(0) { $0 + $1.chunk.tokens.count }
        }
        #expect(computed == [1001, 41, 41, 41])
        #expect(ids.map { bench[$0].cachedTokens } == [0, 960, 960, 960])
    }

    @Test("a request that has begun switches to the pages of one that is ahead")
    func catchingUp() throws {
        // The second prompt is shorter by less than a page, so both begin in one microbatch.
        var bench = try Workbench(
            .test(stages: 1, pages: 100, chunking: .fixed(tokens: 256)), isReady: false)
        _ = try bench.submit(prompt(150), maxNewTokens: 1)
        let leader = try bench.submit(prompt(700, salt: 1))
        let follower = try bench.submit(prompt(700, salt: 1) + [5])
        try bench.send(.pipelineReady)
        try bench.drain()
        #expect(bench.chunks(of: leader).map(\.chunk.start).first == 0)
        #expect(bench.chunks(of: follower).map(\.chunk.start) == [640])
    }

    @Test("without a prefix cache nothing is shared and no page is kept")
    func disabled() throws {
        var bench = try Workbench(.test(prefixCache: false))
        let ids = try (0..<3).map { _ in try bench.submit(prompt(300), maxNewTokens: 3) }
        try bench.drain()
        #expect(ids.map { bench[$0].cachedTokens } == [0, 0, 0])
        #expect(bench.scheduler.status.freePages == 64)
    }

    @Test("flushing forgets what no request uses")
    func flush() throws {
        var bench = try Workbench(.test())
        _ = try bench.submit(prompt(300))
        try bench.drain()
        #expect(bench.scheduler.status.cachedPages == 4)
        try bench.send(.flushCache)
        #expect(bench.scheduler.status.freePages == 64)
        let again = try bench.submit(prompt(300))
        #expect(bench[again].cachedTokens == 0)
    }

    @Test("a prompt's positions whose successors are scored are computed even if they are cached")
    func scoresNeedPositions() throws {
        var bench = try Workbench(.test())
        _ = try bench.submit(prompt(500))
        try bench.drain()
        for (start, cached) in [(0, 0), (1, 0), (65, 64), (64, 0), (200, 192), (499, 448)] {
            let options = LogprobOptions(promptStart: start)
            let id = try bench.submit(prompt(500), logprobs: options)
            try bench.drain()
            #expect(bench[id].cachedTokens == cached)
            #expect(bench[id].scores == Oracle(bench[id].request, limits: bench.limits).scores)
        }
    }
}
