import Glibc
import PipelineTypes
import Testing

@testable import DecoderModels

@Suite("sampling")
struct TokenSamplerTests {
    private func step(
        temperature: Float = 1, topP: Float = 1, topK: Int? = nil, minP: Float = 0,
        seed: UInt64 = 1
    ) -> SamplingStep {
        SamplingStep(
            temperature: temperature, topP: topP, topK: topK, minP: minP, seed: seed,
            logitBias: [], penalties: nil, logprobs: nil)
    }

    /// How often each token is drawn over many positions.
    private func counts(_ step: SamplingStep, _ logits: [Float], draws: Int = 20_000) -> [Int] {
        var counts = [Int](repeating: 0, count: logits.count)
        for position in 0..<draws {
            let sampler = TokenSampler(step, position: position)
            counts[Int(sampler.choose(from: logits.span))] += 1
        }
        return counts
    }

    @Test("temperature 0 takes the most likely token, the lower id of two")
    func greedy() {
        let logits: [Float] = [1, 3, 2, 3]
        #expect(TokenSampler(step(temperature: 0), position: 5).choose(from: logits.span) == 1)
        let none: [Float] = [.nan, -1, .nan]
        #expect(TokenSampler(step(temperature: 0), position: 5).choose(from: none.span) == 1)
    }

    @Test(
        "draws follow the distribution that temperature makes", arguments: [0.5, 1, 2] as [Float])
    func distribution(temperature: Float) {
        let probabilities: [Double] = [0.5, 0.25, 0.125, 0.125]
        let logits = probabilities.map { Float(log($0)) * temperature }
        let drawn = counts(step(temperature: temperature), logits)
        for (count, probability) in zip(drawn, probabilities) {
            #expect(abs(Double(count) / 20_000 - probability) < 0.015)
        }
    }

    @Test("top-k, top-p and min-p keep what they say and renormalise the rest")
    func filters() {
        let logits = [0.4, 0.3, 0.2, 0.1].map { Float(log($0)) }
        #expect(counts(step(topK: 2), logits)[2...] == [0, 0])
        #expect(counts(step(topP: 0.65), logits)[2...] == [0, 0])
        #expect(counts(step(minP: 0.6), logits)[2...] == [0, 0])
        let drawn = counts(step(topK: 2), logits)
        #expect(abs(Double(drawn[0]) / 20_000 - 4.0 / 7) < 0.015)
        // The token that crosses the threshold stays.
        #expect(counts(step(topP: 0.75), logits)[2] > 0)
        #expect(counts(step(topP: 0.75), logits)[3] == 0)
    }

    @Test("a filter far down the tail finds every token")
    func longTails() {
        let logits = (0..<500).map { Float(-$0) * 0.2 }
        let drawn = counts(step(topP: 0.9999999, minP: 1e-30), logits, draws: 200)
        #expect(drawn.reduce(0, +) == 200)
    }

    @Test("the same seed and position draw the same token, others differ")
    func seeds() {
        let logits = [Float](repeating: 0, count: 1000)
        func draw(_ seed: UInt64, _ position: Int) -> TokenID {
            TokenSampler(step(seed: seed), position: position).choose(from: logits.span)
        }
        #expect(draw(7, 3) == draw(7, 3))
        #expect(Set((0..<50).map { draw(7, $0) }).count > 40)
        #expect(Set((0..<50).map { draw(UInt64($0), 3) }).count > 40)
    }

    @Test("penalties lower what was seen")
    func penalties() {
        var logits: [Float] = [2, -2, 2, 0]
        var span = logits.mutableSpan
        PenaltyStep(
            frequency: 0.5, presence: 0.25, repetition: 2,
            outputCounts: [TokenCount(token: 2, count: 3)], promptTokens: [0, 1, 2]
        ).apply(to: &span)
        #expect(logits == [1, -4, 2 / 2 - 1.5 - 0.25, 0])
    }

    @Test("logits that are no numbers end in some token, not in a trap")
    func notNumbers() {
        for logits in [
            [Float.nan, .nan], [.infinity, 0], [-.infinity, -.infinity], [0, .nan],
        ] as [[Float]] {
            for step in [step(), step(topK: 1), step(topP: 0.5), step(temperature: 0)] {
                #expect(TokenSampler(step, position: 0).choose(from: logits.span) < 2)
            }
        }
    }
}
