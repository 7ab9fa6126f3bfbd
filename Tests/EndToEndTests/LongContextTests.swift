import Foundation
import PipelineTypes
import Testing

/// Positions that few models reach, with one so small that they take seconds.
@Suite("long contexts", .serialized)
struct LongContextTests {
    @Test("beyond 131072 positions two stages give the bits that one gives, in any chunks")
    func sameBits() async throws {
        try await TemporaryFolder.with { folder in
            let made = try await ChildProcess.run(
                TestModels.root.appending(path: "scripts/make-tiny-model.py").path, [folder.path])
            try #require(made.status == 0, "\(made.errors)")
            let length = 131_072 + 1000
            let prompt = (0..<length).map { TokenID($0 * $0 / 7 % 509 + 2) }
            var pipeline = RealPipeline(model: folder.path, layers: 2)
            pipeline.contextLength = length + 8
            pipeline.tokenCapacity = Page.count(for: length + 8) * Page.size
            pipeline.prefixCacheEnabled = false
            pipeline.threads = 2
            pipeline.chunking = .fixed(tokens: 8192)
            let expected = try await pipeline.run { await $0.answer(prompt, newTokens: 8) }
            #expect(expected.tokens.count == 8)
            pipeline.stageCount = 2
            pipeline.threads = 1
            pipeline.asyncBatchDepth = 2
            pipeline.chunking = .fixed(tokens: 3008)
            let answer = try await pipeline.run { await $0.answer(prompt, newTokens: 8) }
            #expect(answer == expected)
        }
    }
}
