import PipelineTypes
import Scheduling
import Testing

/// What chunks ask the last stage for.
@Suite("Outputs")
struct OutputTests {
    @Test("only the chunk that ends the known tokens samples")
    func samplingChunk() throws {
        var bench = try Workbench(.test(chunking: .fixed(tokens: 128)))
        let id = try bench.submit(prompt(300), maxNewTokens: 3)
        try bench.drain()
        let samples = bench.chunks(of: id).map { $0.chunk.outputs.sampling != nil }
        #expect(samples == [false, false, true, true, true])
    }

    @Test("a sampling step carries the request's parameters and the history that they refer to")
    func samplingSteps() throws {
        var bench = try Workbench(.test(pages: 30))
        let id = try bench.submit(
            prompt(130), maxNewTokens: 200,
            logprobs: LogprobOptions(output: true, selection: LogprobSelection(topCount: 3))
        ) {
            $0.temperature = 0.7
            $0.topP = 0.9
            $0.topK = 40
            $0.minP = 0.05
            $0.seed = 11
            $0.frequencyPenalty = 0.25
            $0.presencePenalty = -0.5
            $0.repetitionPenalty = 1.2
            $0.minNewTokens = 4
            $0.stopTokens = [96]
            $0.logitBias = [TokenBias(token: 5, bias: 2)]
        }
        try bench.drain()
        let history = bench[id].history.tokens
        for (_, chunk) in bench.chunks(of: id) {
            guard let step = chunk.outputs.sampling else { continue }
            #expect(step == Oracle.step(bench[id].request, history: Array(history[..<chunk.end])))
        }
    }

    @Test("without penalties no history is sent, without repetition penalty no prompt")
    func penaltiesOnlyIfNeeded() throws {
        var bench = try Workbench(.test())
        let plain = try bench.submit(prompt(50), maxNewTokens: 2)
        let frequency = try bench.submit(prompt(50), maxNewTokens: 2) { $0.frequencyPenalty = 1 }
        try bench.drain()
        #expect(bench.chunks(of: plain).allSatisfy { $0.chunk.outputs.sampling?.penalties == nil })
        let step = bench.chunks(of: frequency).last!.chunk.outputs.sampling!.penalties!
        #expect(step.promptTokens.isEmpty)
        #expect(step.outputCounts.map(\.count) == [1])
    }

    @Test("every prompt token but the first is scored once, by the position before it")
    func promptScores() throws {
        var bench = try Workbench(.test(chunking: .fixed(tokens: 128)))
        let id = try bench.submit(prompt(300), logprobs: LogprobOptions(promptStart: 0))
        try bench.drain()
        let steps = bench.chunks(of: id).map { $0.chunk.outputs.promptLogprobs! }
        #expect(steps.map(\.firstRow) == [0, 0, 0])
        #expect(steps.map(\.targets.count) == [128, 128, 43])
        #expect(steps.flatMap(\.targets) == Array(prompt(300).dropFirst()))
        #expect(bench[id].scores == Oracle(bench[id].request, limits: bench.limits).scores)
    }

    @Test("scores begin at the position that was asked for", arguments: [1, 63, 64, 65, 128, 299])
    func promptScoresFrom(start: Int) throws {
        var bench = try Workbench(.test(chunking: .fixed(tokens: 128)))
        let id = try bench.submit(prompt(300), logprobs: LogprobOptions(promptStart: start))
        try bench.drain()
        #expect(bench[id].scores.map(\.token) == Array(prompt(300)[start...]))
        for (_, chunk) in bench.chunks(of: id) {
            guard let step = chunk.outputs.promptLogprobs else { continue }
            #expect(chunk.start + step.firstRow + 1 >= start)
        }
    }

    @Test("a start beyond the prompt or before it is no mistake", arguments: [300, 5000, -7])
    func oddStarts(start: Int) throws {
        var bench = try Workbench(.test(chunking: .fixed(tokens: 128)))
        let id = try bench.submit(prompt(300), logprobs: LogprobOptions(promptStart: start))
        try bench.drain()
        #expect(bench[id].scores.count == (start < 0 ? 299 : 0))
        #expect(bench[id].end == .finished(.length))
    }
}
