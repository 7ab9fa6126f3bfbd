import Coordinator
import Foundation
import PipelineTestKit
import PipelineTypes
import Scheduling
import StageProtocol
import Testing

/// Everything that needs `mpirun`, one test at a time.
@Suite("with real stages", .serialized)
struct RealStagesTests {}

extension RealStagesTests {
    @Suite("same tokens")
    struct SameTokensTests {
        /// Prompt lengths and numbers of new tokens that mix in the same microbatches.
        static let workload = [(1, 12), (63, 5), (64, 9), (200, 3), (777, 20), (130, 1), (5, 30)]

        @Test(
            "any pipeline size, depth and wire type gives the tokens of a single process",
            arguments: [
                (1, 0, ActivationType.float32), (2, 0, .float32), (2, 2, .bfloat16),
                (3, 2, .float32), (7, 0, .bfloat16), (7, 2, .float32),
            ])
        func sameTokens(stages: Int, depth: Int, type: ActivationType) async throws {
            let harness = testHarness {
                $0.stages = stages
                $0.depth = depth
                $0.activationType = type
            }
            try await withPipeline(harness) { coordinator in
                await Self.check(coordinator, harness)
                let status = coordinator.status
                #expect(status.scheduler.runningRequests == 0)
                #expect(status.scheduler.usedPages == 0)
                #expect(status.restarts == 0)
            }
        }

        @Test("messages of 16 MB arrive whole")
        func largeMessages() async throws {
            let harness = testHarness {
                $0.layers = 2
                $0.chunking = .fixed(tokens: 2048)
                $0.model.hiddenSize = 2048
            }
            let prompt = testPrompt(length: 4300, seed: 5)
            try await withPipeline(harness) { coordinator in
                let answer = await coordinator.answer(prompt, newTokens: 2)
                #expect(answer.tokens == harness.expected(prompt: prompt, newTokens: 2))
            }
        }

        @Test("prompt logprobs come back complete and in order at any pipeline size")
        func promptLogprobs() async throws {
            let prompt = testPrompt(length: 500, seed: 9)
            var answers: [Answer] = []
            for stages in [1, 3] {
                let harness = testHarness {
                    $0.stages = stages; $0.depth = 2
                }
                try await withPipeline(harness) { coordinator in
                    let options = LogprobOptions(promptStart: 1, output: true)
                    answers.append(
                        await coordinator.answer(prompt, newTokens: 4, logprobs: options))
                }
            }
            #expect(answers[0].promptLogprobs.map(\.token) == Array(prompt.dropFirst()))
            #expect(answers[0] == answers[1])
        }

        /// Runs the whole workload at once and compares every answer.
        static func check(_ coordinator: Coordinator, _ harness: PipelineHarness) async {
            await withTaskGroup(of: Void.self) { group in
                for (index, (length, newTokens)) in workload.enumerated() {
                    group.addTask {
                        let prompt = testPrompt(length: length, seed: UInt64(index))
                        let seed = UInt64(index)
                        let answer = await coordinator.answer(
                            prompt, newTokens: newTokens, seed: seed)
                        #expect(answer.end == .finished(.length))
                        #expect(
                            answer.tokens
                                == harness.expected(
                                    prompt: prompt, newTokens: newTokens, seed: seed))
                    }
                }
            }
        }
    }
}
