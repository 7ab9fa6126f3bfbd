import PipelineTypes
import Scheduling
import Testing

/// Who gets in, who has to wait, who is turned away.
@Suite("Admission")
struct AdmissionTests {
    @Test("an empty prompt is rejected")
    func emptyPrompt() throws {
        var bench = try Workbench(.test())
        let id = try bench.submit([])
        #expect(bench[id].end == .rejected(.emptyPrompt))
    }

    @Test("a prompt must leave room for a token in the context, unless none is wanted")
    func contextLength() throws {
        var bench = try Workbench(.test(context: 100))
        let full = try bench.submit(prompt(100), maxNewTokens: 1)
        #expect(bench[full].end == .rejected(.promptTooLong(tokens: 100, contextLength: 100)))
        let scored = try bench.submit(prompt(100), maxNewTokens: 0)
        let fitting = try bench.submit(prompt(99), maxNewTokens: nil)
        try bench.drain()
        #expect(bench[scored].end == .finished(.length))
        #expect(bench[fitting].tokens.count == 1)
    }

    @Test("a prompt that needs more pages than there are is rejected, one that fits exactly runs")
    func memory() throws {
        var bench = try Workbench(.test(pages: 4))
        let large = try bench.submit(prompt(257))
        #expect(bench[large].end == .rejected(.exceedsMemory(tokens: 257, capacity: 256)))
        let exact = try bench.submit(prompt(256), maxNewTokens: nil)
        try bench.drain()
        #expect(bench[exact].end == .finished(.length))
        #expect(bench[exact].tokens.count == 1)
    }

    @Test("generation ends with the context or with the pages")
    func clampedOutput() throws {
        var bench = try Workbench(.test(pages: 4, context: 200))
        let byContext = try bench.submit(prompt(150), maxNewTokens: nil)
        try bench.drain()
        #expect(bench[byContext].tokens.count == 50)
        #expect(bench[byContext].end == .finished(.length))

        bench = try Workbench(.test(pages: 3))
        let byPages = try bench.submit(prompt(150), maxNewTokens: Int.max)
        try bench.drain()
        // The last token is not computed, so it needs no place.
        #expect(bench[byPages].tokens.count == 3 * 64 - 150 + 1)
        #expect(bench[byPages].end == .finished(.length))
    }

    @Test("requests beyond the queue limit are rejected, and told so at once")
    func queueLimit() throws {
        var bench = try Workbench(.test(running: 2, queued: 1))
        let ids = try (0..<5).map { try bench.submit(prompt(50, salt: UInt32($0))) }
        #expect(bench[ids[2]].end == nil)
        #expect(bench[ids[3]].end == .rejected(.queueFull))
        #expect(bench[ids[4]].end == .rejected(.queueFull))
        try bench.drain()
        #expect(ids[..<3].map { bench[$0].end } == Array(repeating: .finished(.length), count: 3))
        let late = try bench.submit(prompt(50))
        #expect(bench[late].end == nil)
    }

    @Test("no queue at all still serves what can run at once")
    func noQueue() throws {
        var bench = try Workbench(.test(running: 1, queued: 0))
        let first = try bench.submit(prompt(50))
        let second = try bench.submit(prompt(50))
        #expect(bench[first].end == nil)
        #expect(bench[second].end == .rejected(.queueFull))
    }

    @Test("the pages that an admitted prompt still needs are not promised to another")
    func promisedPages() throws {
        var bench = try Workbench(
            .test(pages: 12, chunking: .fixed(tokens: 64), prefixCache: false))
        let first = try bench.submit(prompt(600))
        let second = try bench.submit(prompt(200, salt: 1))
        #expect(bench.scheduler.status.waitingRequests == 1)
        try bench.drain()
        #expect(bench.scheduler.totals.stepBacks == 0)
        #expect([first, second].map { bench[$0].end } == [.finished(.length), .finished(.length)])
    }

    @Test("pages that another request holds already do not count against a prompt")
    func sharedPagesAreFree() throws {
        var bench = try Workbench(.test(pages: 12, chunking: .fixed(tokens: 640)))
        _ = try bench.submit(prompt(448), maxNewTokens: 50)
        _ = try bench.submit(prompt(448) + [1, 2, 3], maxNewTokens: 50)
        #expect(bench.scheduler.status.runningRequests == 2)
    }

    @Test("nobody overtakes the request at the head of the queue")
    func firstComeFirstServed() throws {
        var bench = try Workbench(.test(pages: 10, prefixCache: false))
        let ids = try [400, 400, 20].enumerated().map { index, count in
            try bench.submit(prompt(count, salt: UInt32(index)), maxNewTokens: 5)
        }
        try bench.drain()
        let starts = ids.map { bench.chunks(of: $0)[0].microbatch }
        #expect(starts == starts.sorted())
    }

    @Test("after a shutdown what runs ends normally and the rest is rejected")
    func shutDown() throws {
        var bench = try Workbench(.test(running: 1))
        let runs = try bench.submit(prompt(50), maxNewTokens: 5)
        let waits = try bench.submit(prompt(50), maxNewTokens: 5)
        try bench.send(.shutDown)
        let late = try bench.submit(prompt(50))
        try bench.drain()
        #expect(bench[runs].end == .finished(.length))
        #expect(bench[waits].end == .rejected(.shuttingDown))
        #expect(bench[late].end == .rejected(.shuttingDown))
        #expect(bench.scheduler.isIdle)
    }

    @Test("an id that is in use is a programmer's fault")
    func repeatedID() async {
        await #expect(processExitsWith: .failure) {
            var bench = try Workbench(.test())
            let request = GenerationRequest(
                id: RequestID(1), prompt: [1], sampling: SamplingParameters())
            try bench.send(.submit(request))
            try bench.send(.submit(request))
        }
    }
}
