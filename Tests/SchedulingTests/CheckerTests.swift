import PipelineTypes
import Testing

/// The checks themselves must notice what they are there for.
@Suite("The workbench notices")
struct CheckerTests {
    private let request = RequestID(1)

    private func advance(_ chunks: [Chunk], history: [TokenID]) throws {
        let limits = ServingLimits.test(stages: 1)
        var pipeline = FakePipeline(limits: limits)
        var truth = History()
        for token in history {
            truth.append(token)
        }
        for (index, chunk) in chunks.enumerated() {
            pipeline.accept(Microbatch(id: MicrobatchID(UInt64(index)), chunks: [chunk]))
            _ = try pipeline.advance(stage: 0) { _ in truth }
        }
    }

    private func chunk(_ start: Int, _ tokens: [TokenID], pages: [UInt32]) -> Chunk {
        Chunk(request: request, start: start, tokens: tokens, pages: pages.map { PageID($0) })
    }

    @Test("nothing, if all is well")
    func wellBehaved() throws {
        try advance(
            [chunk(0, prompt(64), pages: [3]), chunk(64, [5, 6], pages: [3, 1])],
            history: prompt(64) + [5, 6])
    }

    @Test("a page that holds something else")
    func wrongPage() {
        #expect(throws: PipelineFault.self) {
            try advance(
                [chunk(0, prompt(64), pages: [3]), chunk(64, [5], pages: [2, 1])],
                history: prompt(64) + [5])
        }
    }

    @Test("a page of the right tokens in the wrong order")
    func swappedPages() {
        let history = prompt(64) + prompt(64, salt: 1) + [5]
        #expect(throws: PipelineFault.self) {
            try advance(
                [
                    chunk(0, Array(history[..<128]), pages: [3, 4]),
                    chunk(128, [5], pages: [4, 3, 1]),
                ], history: history)
        }
    }

    @Test("a position that was left out")
    func gap() {
        #expect(throws: PipelineFault.self) {
            try advance(
                [chunk(0, prompt(10), pages: [0]), chunk(11, [7], pages: [0])],
                history: prompt(11) + [7])
        }
    }

    @Test("tokens that are not the request's")
    func wrongTokens() {
        #expect(throws: PipelineFault.self) {
            try advance([chunk(0, [1, 2, 3], pages: [0])], history: [1, 2, 4])
        }
    }

    @Test("a page with a writer while another request reads it")
    func twoUsers() {
        let reader = chunk(64, [5], pages: [3, 1])
        var writer = chunk(0, [5], pages: [3])
        writer.request = RequestID(2)
        #expect(throws: Failure.self) { try PageWatch.check(writer, against: [reader]) }
        #expect(throws: Never.self) { try PageWatch.check(reader, against: [reader]) }
    }
}
