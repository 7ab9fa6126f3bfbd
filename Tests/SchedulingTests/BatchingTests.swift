import PipelineTypes
import Scheduling
import Testing

/// What goes into a microbatch, and when.
@Suite("Batching")
struct BatchingTests {
    @Test("nothing is dispatched before the pipeline is ready")
    func notReady() throws {
        var bench = try Workbench(.test(), isReady: false)
        let id = try bench.submit(prompt(100))
        #expect(bench.dispatched.isEmpty)
        #expect(bench[id].cachedTokens == nil)
        try bench.send(.pipelineReady)
        try bench.drain()
        #expect(bench[id].end == .finished(.length))
    }

    @Test("chunks of one prompt are in flight at once, one for each stage and the depth more")
    func chunksInFlight() throws {
        var bench = try Workbench(.test(stages: 3, depth: 1, chunking: .fixed(tokens: 64)))
        let id = try bench.submit(prompt(600))
        #expect(bench.inFlight.count == 4)
        #expect(bench.chunks(of: id).map(\.chunk.start) == [0, 64, 128, 192])
        try bench.completeOne()
        #expect(bench.inFlight.count == 4)
    }

    @Test("chunks end on page boundaries, except a prompt's last")
    func chunkBoundaries() throws {
        var bench = try Workbench(.test(chunking: .fixed(tokens: 192)))
        let id = try bench.submit(prompt(500))
        try bench.drain()
        #expect(bench.chunks(of: id).map(\.chunk.end) == [192, 384, 500])
    }

    @Test("without a chunk size every prompt is one chunk, unless it exceeds a microbatch")
    func wholePrompts() throws {
        var bench = try Workbench(.test(chunking: .whole, prefillTokensMax: 1000))
        let ids = try [700, 400, 1500].map { try bench.submit(prompt($0, salt: UInt32($0))) }
        try bench.drain()
        #expect(bench.chunks(of: ids[0]).map(\.chunk.end) == [700])
        #expect(bench.chunks(of: ids[1]).map(\.chunk.end) == [400])
        #expect(bench.chunks(of: ids[2]).map(\.chunk.end) == [960, 1500])
    }

    @Test("short prompts share a microbatch up to the chunk size, in the order of submission")
    func sharedMicrobatch() throws {
        var bench = try Workbench(.test(chunking: .fixed(tokens: 256)), isReady: false)
        let ids = try (0..<4).map { try bench.submit(prompt(80, salt: UInt32($0))) }
        try bench.send(.pipelineReady)
        #expect(bench.dispatched[0].chunks.map(\.request) == Array(ids[..<3]))
        #expect(bench.dispatched[1].chunks.map(\.request) == [ids[3]])
    }

    @Test("the rest of a microbatch goes to the next prompt in whole pages")
    func restOfMicrobatch() throws {
        var bench = try Workbench(.test(chunking: .fixed(tokens: 256)), isReady: false)
        _ = try bench.submit(prompt(100))
        let second = try bench.submit(prompt(500, salt: 1))
        try bench.send(.pipelineReady)
        #expect(bench.chunks(of: second)[0].chunk.tokens.count == 128)
        #expect(bench.chunks(of: second)[0].microbatch == 0)
    }

    @Test("a prompt does not begin with less than a page")
    func noRunts() throws {
        var bench = try Workbench(.test(chunking: .fixed(tokens: 128)), isReady: false)
        _ = try bench.submit(prompt(100))
        let second = try bench.submit(prompt(200, salt: 1))
        try bench.send(.pipelineReady)
        #expect(bench.dispatched[0].chunks.count == 1)
        #expect(bench.chunks(of: second)[0].chunk.tokens.count == 128)
    }

    @Test("a decode step goes before prompt chunks and does not wait for a whole prompt")
    func decodeIsMixedIn() throws {
        var bench = try Workbench(.test(stages: 2, chunking: .fixed(tokens: 64)))
        let decoder = try bench.submit(prompt(10), maxNewTokens: 20)
        try bench.completeOne()
        _ = try bench.submit(prompt(2000, salt: 1))
        try bench.drain()
        let steps = bench.chunks(of: decoder).dropFirst()
        #expect(steps.count == 19)
        for (microbatch, chunk) in steps {
            #expect(bench.dispatched[microbatch].chunks[0] == chunk)
        }
        // 32 chunks of the prompt, and a step with every second, as two microbatches are in flight.
        #expect(bench.dispatched.count { $0.chunks.count == 2 } == 16)
    }

    @Test("decoding requests are spread over the stages")
    func decodeGroups() throws {
        var bench = try Workbench(.test(stages: 4, chunking: .fixed(tokens: 512)), isReady: false)
        for salt in 0..<8 as Range<UInt32> {
            _ = try bench.submit(prompt(20, salt: salt), maxNewTokens: 30)
        }
        try bench.send(.pipelineReady)
        try bench.completeOne()
        #expect(bench.inFlight.map(\.chunks.count) == [2, 2, 2, 2])
        for _ in 0..<40 {
            try bench.completeOne()
            #expect(bench.inFlight.map(\.chunks.count) == [2, 2, 2, 2])
        }
    }

    @Test(
        "requests that began one after the other come to decode in as few microbatches as stages",
        arguments: [1, 2, 4])
    func decodeGathers(stages: Int) throws {
        var bench = try Workbench(.test(stages: stages, depth: nil))
        for salt in 0..<8 as Range<UInt32> {
            _ = try bench.submit(prompt(20, salt: salt), maxNewTokens: 40)
            try bench.completeOne()
        }
        for _ in 0..<2 * stages { try bench.completeOne() }
        for _ in 0..<20 {
            #expect(
                bench.inFlight.map(\.chunks.count) == Array(repeating: 8 / stages, count: stages))
            try bench.completeOne()
        }
    }

    @Test("a limit on decode steps per microbatch is kept")
    func decodeLimit() throws {
        var bench = try Workbench(
            .test(stages: 2, chunking: .fixed(tokens: 512), decodeSteps: 3), isReady: false)
        for salt in 0..<10 as Range<UInt32> {
            _ = try bench.submit(prompt(20, salt: salt), maxNewTokens: 10)
        }
        try bench.send(.pipelineReady)
        try bench.drain()
        let steps = bench.dispatched.map { $0.chunks.count { $0.tokens.count == 1 } }
        #expect(steps.max() == 3)
    }

    @Test(
        "between two steps of a decoding request there are no more microbatches than promised",
        arguments: [1, 2, 4], [nil, 1, 3])
    func decodeGap(stages: Int, decodeSteps: Int?) throws {
        let limits = ServingLimits.test(
            stages: stages, depth: 1, pages: 400, chunking: .fixed(tokens: 64),
            decodeSteps: decodeSteps)
        var bench = try Workbench(limits)
        let decoders = try (0..<5).map { salt in
            try bench.submit(prompt(30, salt: UInt32(salt)), maxNewTokens: 40)
        }
        // One-token prompts, which are due as soon as they come, and long ones all the while.
        for salt in 10..<60 as Range<UInt32> {
            _ = try bench.submit(prompt(salt % 3 == 0 ? 700 : 1, salt: salt))
            try bench.completeOne()
        }
        try bench.drain()
        // At most `runningRequestsMax` requests have a step due at a time.
        let bound = bench.scheduler.decodeGapMax(decoders: limits.runningRequestsMax)
        for decoder in decoders {
            let steps = bench.chunks(of: decoder).map(\.microbatch)
            #expect(zip(steps.dropFirst(), steps).map { $0 - $1 }.max()! <= bound)
        }
    }

    @Test("decoders alone keep every step within one round of the pipeline")
    func decodeRound() throws {
        var bench = try Workbench(.test(stages: 3, pages: 100, chunking: .fixed(tokens: 64)))
        let ids = try (0..<7).map { salt in
            try bench.submit(prompt(30, salt: UInt32(salt)), maxNewTokens: 40)
        }
        _ = try bench.submit(prompt(3000, salt: 99))
        try bench.drain()
        for id in ids {
            let steps = bench.chunks(of: id).dropFirst().map(\.microbatch)
            let gaps = zip(steps.dropFirst(), steps).map { $0 - $1 }
            #expect(gaps.max()! <= bench.scheduler.decodeGapMax(decoders: 7))
        }
    }

    @Test("while chunks remain, the pipeline is never short of microbatches")
    func pipelineStaysFull() throws {
        var bench = try Workbench(.test(stages: 4, pages: 100, chunking: .fixed(tokens: 128)))
        _ = try bench.submit(prompt(4000))
        while bench.dispatched.count < 32 {
            #expect(bench.inFlight.count == 4)
            try bench.completeOne()
        }
    }
}
