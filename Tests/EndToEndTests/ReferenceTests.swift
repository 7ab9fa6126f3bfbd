import Foundation
import PipelineTypes
import StageProtocol
import Testing

/// Log probabilities against Transformers in float32 on the same dequantised weights.
@Suite("against Transformers", .serialized)
struct ReferenceTests {
    struct Case: Sendable, CustomStringConvertible {
        var model: String
        var lengths: [Int]
        var instructionSet: String?

        var description: String {
            "\(model) \(lengths) \(instructionSet ?? "best")"
        }

        var pipeline: RealPipeline {
            var pipeline = RealPipeline()
            if model == "tiny-llama" {
                pipeline.model = TestModels.tinyLlama
                pipeline.layers = 4
            }
            pipeline.stageCount = 2
            pipeline.instructionSet = instructionSet
            return pipeline
        }

        static let all =
            [
                Case(model: "smollm2", lengths: [40, 700, 5000]),
                Case(model: "tiny-llama", lengths: [40, 700, 5000]),
            ]
            + ["avx512", "avx2", "scalar"].flatMap { instructionSet in
                ["smollm2", "tiny-llama"].map {
                    Case(model: $0, lengths: [40, 700], instructionSet: instructionSet)
                }
            }
    }

    /// How our run differs from the reference.
    struct Difference {
        var mean = 0.0
        var largest = 0.0
        /// Positions where the most likely token differs although the reference is sure of its own.
        var disagreements = 0

        init(_ scores: [ScoredToken], _ reference: Reference, sureFrom gap: Float) {
            for (index, score) in scores.enumerated() {
                let difference = Double(
                    abs((score.logprob ?? -.infinity) - reference.logprobs[index]))
                mean += difference / Double(scores.count)
                largest = max(largest, difference)
                if reference.gaps[index] > gap, score.top.first?.token != reference.best[index] {
                    disagreements += 1
                }
            }
        }
    }

    @Test("float32 agrees to 0.002, and on every token that is clear by 0.005", arguments: Case.all)
    func float32(_ test: Case) async throws {
        var pipeline = test.pipeline
        pipeline.dataType = "float32"
        for (length, difference) in try await differences(test, pipeline, sureFrom: 0.005) {
            print(
                "float32 \(test), \(length): mean \(difference.mean), largest \(difference.largest)"
            )
            #expect(difference.largest <= 0.002)
            #expect(difference.disagreements == 0)
        }
    }

    @Test("bfloat16 is closer than Transformers' own bfloat16", arguments: Case.all)
    func bfloat16(_ test: Case) async throws {
        let references = try Reference.load(test.model)
        for (length, difference) in try await differences(test, test.pipeline, sureFrom: 0.3) {
            let reference = try #require(references[length])
            print(
                """
                bfloat16 \(test), \(length): mean \(difference.mean) (Transformers \
                \(reference.bfloat16MeanDifference)), largest \(difference.largest) \
                (\(reference.bfloat16LargestDifference))
                """)
            #expect(difference.mean < reference.bfloat16MeanDifference)
            #expect(difference.largest < reference.bfloat16LargestDifference)
            #expect(difference.disagreements == 0)
        }
    }

    @Test(
        "an 8-bit KV cache changes the perplexity by less than 1 %",
        arguments: Case.all.filter { $0.model == "smollm2" })
    func eightBitCache(_ test: Case) async throws {
        var pipeline = test.pipeline
        let whole = try await scores(test, pipeline)
        pipeline.kvCacheType = "int8"
        let quantized = try await scores(test, pipeline)
        // Of all texts together: a short one's perplexity changes by chance.
        let differences = zip(quantized, whole).flatMap { quantized, whole in
            zip(quantized.scores, whole.scores).map {
                Double(($0.logprob ?? -.infinity) - ($1.logprob ?? -.infinity))
            }
        }
        // The perplexity is the exponential of what logprobs are below zero on average.
        let change = exp(-differences.reduce(0, +) / Double(differences.count)) - 1
        let mean = differences.reduce(0) { $0 + abs($1) } / Double(differences.count)
        print(
            """
            int8 KV cache \(test): perplexity \(100 * change) %, logprobs differ by \(mean) on \
            average, by \(differences.map(abs).max() ?? 0) at most, in \(differences.count) tokens
            """)
        #expect(abs(change) < 0.01)
        #expect(mean > 0, "nothing was quantized")
        #expect(mean < 0.05)
    }

    private func differences(
        _ test: Case, _ pipeline: RealPipeline, sureFrom gap: Float
    ) async throws -> [(Int, Difference)] {
        try await scores(test, pipeline).map { scores, reference in
            (reference.tokens.count, Difference(scores, reference, sureFrom: gap))
        }
    }

    /// What a pipeline says of the references' tokens after the first.
    private func scores(
        _ test: Case, _ pipeline: RealPipeline
    ) async throws -> [(scores: [ScoredToken], reference: Reference)] {
        let references = try Reference.load(test.model)
        return try await pipeline.run { coordinator in
            var answers: [(scores: [ScoredToken], reference: Reference)] = []
            for length in test.lengths {
                let reference = try #require(references[length])
                let answer = await coordinator.answer(
                    reference.tokens, newTokens: 0, promptStart: 0, topCount: 1)
                let scores = answer.promptScores
                #expect(answer.end == .finished(.length))
                try #require(scores.count == length - 1)
                #expect(scores.map(\.token) == Array(reference.tokens.dropFirst()))
                answers.append((scores, reference))
            }
            return answers
        }
    }
}
