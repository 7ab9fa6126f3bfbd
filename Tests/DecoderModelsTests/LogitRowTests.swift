import Kernels
import PipelineTypes
import Testing

@testable import DecoderModels

@Suite("log probabilities")
struct LogitRowTests {
    private let buffer = RowBuffer(rows: 1, width: 4, type: .float32)
    private let kernels = LayerKernels(instructionSet: .best, type: .float32)

    private func row(_ logits: [Float]) throws -> LogitRow {
        buffer.rows.withRow(0) { row in for i in 0..<4 { row[i] = logits[i] } }
        return LogitRow(logits: buffer.rows, row: 0, kernels: try #require(kernels))
    }

    @Test("a known token is scored with the best and the chosen others")
    func score() throws {
        let scored = try #require(
            try row([0, 1, 1, -50]).score(0, LogprobSelection(topCount: 3, tokens: [3, 9])))
        let normalizer: Float = 1.8619948
        #expect(scored.token == 0)
        #expect(abs((scored.logprob ?? 0) + normalizer) < 1e-5)
        #expect(scored.top.map(\.token) == [1, 2, 0])
        #expect(abs(scored.top[0].logprob - (1 - normalizer)) < 1e-5)
        #expect(scored.selected.map(\.token) == [3])
    }

    @Test("a sampled token's score is the model's, before bias and penalties")
    func sample() throws {
        let step = SamplingStep(
            temperature: 0, topP: 1, topK: nil, minP: 0, seed: 0,
            logitBias: [TokenBias(token: 1, bias: -.infinity)], penalties: nil,
            logprobs: LogprobSelection(topCount: 1))
        let scored = try #require(try row([0, 5, 1, -50]).sample(step, position: 3))
        #expect(scored.token == 2)
        #expect(scored.top.map(\.token) == [1])
        #expect(abs((scored.logprob ?? 0) - (1 - 5.0247)) < 1e-3)
    }

    @Test("logits that are no finite numbers give no token")
    func notFinite() throws {
        let step = SamplingStep(
            temperature: 0, topP: 1, topK: nil, minP: 0, seed: 0, logitBias: [], penalties: nil,
            logprobs: nil)
        for index in 0..<4 {
            for value in [Float.nan, .infinity] {
                var logits: [Float] = [0, 5, 1, -50]
                logits[index] = value
                #expect(try row(logits).sample(step, position: 3) == nil, "\(logits)")
                #expect(try row(logits).score(1, nil) == nil, "\(logits)")
            }
        }
        let nothing = Array(repeating: -Float.infinity, count: 4)
        #expect(try row(nothing).sample(step, position: 3) == nil)
        #expect(try row([-.infinity, 0, 1, -.infinity]).sample(step, position: 3)?.token == 2)
    }

    @Test("nobody who asked for no scores pays for them")
    func noScores() throws {
        let step = SamplingStep(
            temperature: 0, topP: 1, topK: nil, minP: 0, seed: 0, logitBias: [], penalties: nil,
            logprobs: nil)
        #expect(try row([0, 5, 1, -50]).sample(step, position: 3) == ScoredToken(token: 1))
    }
}
