import Coordinator
import Glibc
import PipelineTestKit
import PipelineTypes
import Testing
import Timelines

extension RealStagesTests {
    @Suite("recorded pipelines")
    struct RecordedPipelineTests {
        @Test("a recording holds every chunk and decode step of a request, on every stage")
        func chunks() async throws {
            let harness = testHarness { $0.stages = 3 }
            try await withPipeline(harness) { coordinator in
                _ = await coordinator.answer(testPrompt(length: 100, seed: 1), newTokens: 3)
                let recording = TimelineRecording()
                coordinator.start(recording)
                let prompt = testPrompt(length: 500, seed: 2)
                _ = await coordinator.answer(prompt, newTokens: 5)
                let timeline = coordinator.stop(recording)
                _ = await coordinator.answer(testPrompt(length: 100, seed: 3), newTokens: 3)

                #expect(timeline.source == .measured && timeline.stageCount == 3)
                #expect(timeline.microbatchesInFlightMax == coordinatorLimit(harness))
                #expect(timeline.droppedCount == 0)
                let chunks = timeline.microbatches.flatMap(\.chunks)
                #expect(Set(chunks.map(\.request)).count == 1)
                #expect(chunks.first?.positions.lowerBound == 0)
                #expect(chunks.last?.positions.upperBound == 504, "the last token is not computed")
                for (chunk, next) in zip(chunks, chunks.dropFirst()) {
                    #expect(chunk.positions.upperBound == next.positions.lowerBound)
                }
                #expect(timeline.microbatches.allSatisfy { $0.stages.count == 3 })
                let readBack = try ChromeTrace.parse(ChromeTrace.text(timeline))
                #expect(readBack == timeline)
                let report = BubbleReport(timeline)
                #expect(report.tokenCount == 504)
                #expect(report.stages.allSatisfy { $0.busyNanoseconds > 0 })
                #expect(coordinator.stop(recording).microbatches == [])
            }
        }

        @Test("a recording goes on when the pipeline is started again")
        func restart() async throws {
            let harness = testHarness()
            try await withPipeline(harness) { coordinator in
                let recording = TimelineRecording()
                coordinator.start(recording)
                _ = await coordinator.answer(testPrompt(length: 200, seed: 1), newTokens: 4)
                kill(coordinator.status.stageProcesses[1], SIGKILL)
                #expect(await eventually { coordinator.status.restarts == 1 })
                _ = await coordinator.answer(testPrompt(length: 300, seed: 2), newTokens: 4)
                let timeline = coordinator.stop(recording)
                let requests = timeline.microbatches.flatMap(\.chunks).map(\.request)
                #expect(Set(requests).count == 2)
                let ids = timeline.microbatches.map(\.id)
                #expect(ids == ids.sorted() && Set(ids).count == ids.count)
                let readBack = try ChromeTrace.parse(ChromeTrace.text(timeline))
                #expect(readBack == timeline)
            }
        }

        private func coordinatorLimit(_ harness: PipelineHarness) -> Int {
            harness.stages + harness.depth
        }
    }
}
