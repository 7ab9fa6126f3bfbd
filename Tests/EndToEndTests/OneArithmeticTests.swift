import Coordinator
import Foundation
import PipelineTypes
import StageProtocol
import Testing

/// A token's result does not depend on what it was computed with, to the last bit.
@Suite("one arithmetic", .serialized)
struct OneArithmeticTests {
    struct Setting: Sendable, CustomStringConvertible {
        var stages: Int
        var chunk: Int?
        var depth: Int
        var threads = 1

        var description: String {
            let chunk = chunk.map(String.init) ?? "off"
            return "pp \(stages), chunk \(chunk), depth \(depth), threads \(threads)"
        }
    }

    /// Every pipeline size with several chunk sizes, every chunk size with several pipelines;
    /// scripts/sweep-arithmetic.sh runs all combinations.
    private static let settings = isSweep ? allSettings : chosenSettings

    private static let isSweep = sweptPaths != nil

    /// Instruction sets to sweep, `best` for the best there is; nil for the choice above.
    private static let sweptPaths =
        ProcessInfo.processInfo.environment["PENSTOCK_TEST_SWEEP"]?.split(separator: " ")
        .map(String.init)

    /// Kernels, by the instruction set (nil for the best there is), the KV cache's type and what
    /// linear layers are rounded to.
    struct Path: Sendable, CustomStringConvertible {
        var instructionSet: String?
        var kvCacheType: String?
        var quantization: String?

        var description: String {
            (instructionSet ?? "the best path") + (kvCacheType.map { " with \($0) cache" } ?? "")
                + (quantization.map { " with \($0)" } ?? "")
        }

        /// The fastest there is that is not an option.
        var isDefault: Bool {
            instructionSet == nil && kvCacheType == nil && quantization == nil
        }

        var pipeline: RealPipeline {
            var pipeline = RealPipeline()
            pipeline.instructionSet = instructionSet
            pipeline.kvCacheType = kvCacheType
            pipeline.quantization = quantization
            return pipeline
        }
    }

    private static let paths =
        sweptPaths?.map { Path(instructionSet: $0 == "best" ? nil : $0) }
        ?? [nil, "avx512", "avx2", "scalar"].map { Path(instructionSet: $0) }
        + [nil, "avx2"].map {
            Path(instructionSet: $0, kvCacheType: "int8", quantization: "w8a8_int8")
        }

    private static let allSettings = [1, 2, 3, 7].flatMap { stages in
        [64, 192, 512, 2048, nil].flatMap { chunk in
            [0, 2].map { depth in
                // A lone stage with one thread is what all are compared with.
                Setting(
                    stages: stages, chunk: chunk, depth: depth, threads: stages == 1 ? 2 : 1)
            }
        }
    }

    private static let chosenSettings = [
        Setting(stages: 1, chunk: 64, depth: 2),
        Setting(stages: 1, chunk: nil, depth: 0, threads: 2),
        Setting(stages: 2, chunk: 192, depth: 2),
        Setting(stages: 2, chunk: nil, depth: 2),
        Setting(stages: 3, chunk: 2048, depth: 0),
        Setting(stages: 3, chunk: 512, depth: 2),
        Setting(stages: 7, chunk: 64, depth: 0),
        Setting(stages: 7, chunk: 2048, depth: 2),
    ]

    @Test(
        "same tokens and log probabilities for any pipeline, chunks, cache and company",
        arguments: paths)
    func sameBits(path: Path) async throws {
        // All but one path take shorter prompts and fewer pipelines.
        let isWhole = path.isDefault || Self.isSweep
        let lengths = isWhole ? [20, 700, 5000] : [20, 700]
        let settings =
            isWhole ? Self.settings : Self.settings.filter { $0.stages != 3 && $0.chunk != 64 }
        let expected = try await baseline(path, lengths)
        for setting in settings {
            try await check(setting, path, expected)
            if Self.isSweep { print("\(path), \(setting): same bits") }
        }
    }

    private struct Expected {
        var prompts: [[TokenID]]
        var answers: [Answer]
    }

    private func baseline(
        _ path: Path, _ lengths: [Int]
    ) async throws -> Expected {
        let text = try #require(try Reference.load("smollm2")[5000]).tokens
        let prompts = lengths.map { Array(text.prefix($0)) }
        var pipeline = path.pipeline
        pipeline.prefixCacheEnabled = false
        let answers = try await pipeline.run { coordinator in
            var answers: [Answer] = []
            for prompt in prompts {
                answers.append(await coordinator.answer(prompt, newTokens: 64))
            }
            return answers
        }
        for answer in answers {
            #expect(answer.tokens.count == 64)
            #expect(answer.end == .finished(.length))
        }
        return Expected(prompts: prompts, answers: answers)
    }

    private func check(
        _ setting: Setting, _ path: Path, _ expected: Expected
    ) async throws {
        var pipeline = path.pipeline
        pipeline.stageCount = setting.stages
        pipeline.chunking = setting.chunk.map { .fixed(tokens: $0) } ?? .whole
        pipeline.asyncBatchDepth = setting.depth
        pipeline.threads = setting.threads
        try await pipeline.run { coordinator in
            // Cold and alone.
            for (prompt, answer) in zip(expected.prompts, expected.answers) {
                coordinator.flushCache()
                let cold = await coordinator.answer(prompt, newTokens: 64)
                #expect(cold.content == answer.content, "\(setting), cold")
                #expect(cold.cachedTokens == 0)
            }
            // Warm, all at once and with eight others.
            let others = (0..<8).map { (0..<(30 + 37 * $0)).map { TokenID($0 * 7 + 3) } }
            let together = await coordinator.answers(expected.prompts + others, newTokens: 64)
            for (warm, answer) in zip(together, expected.answers) {
                #expect(warm.content == answer.content, "\(setting), warm and in company")
            }
            #expect(together[1].cachedTokens > 0)
            // What was decoded, prefilled.
            let prompt = expected.prompts[1]
            let answer = expected.answers[1]
            coordinator.flushCache()
            let again = await coordinator.answer(
                prompt + answer.tokens, newTokens: 0, promptStart: prompt.count)
            #expect(again.promptScores.map(\.logprob) == answer.logprobs, "\(setting), again")
            #expect(again.promptScores.map(\.token) == answer.tokens)
        }
    }
}
