import ChunkSizing
import Foundation
import Testing

@Suite("The policy `dynamic`") struct DynamicChunkingTests {
    /// A line of the fixture, which scripts/fixtures/dynamic_chunking.py writes.
    struct Case: Decodable {
        var chunkSize: Int
        var smoothingFactor: Double
        var pageSize: Int
        var contextLength: Int
        var prefillTokensMax: Int
        var lengths: [Int]
        var seconds: [Double]
        var chunks: [Int]
    }

    private static func cases() throws -> [Case] {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/dynamic-chunking.json")
        return try JSONDecoder().decode([Case].self, from: Data(contentsOf: fixture))
    }

    @Test("decides as its specification, step by step") func decisions() throws {
        let cases = try Self.cases()
        var decisions = 0
        for (index, fixture) in cases.enumerated() {
            let samples = zip(fixture.lengths, fixture.seconds).map {
                PrefillSample(tokens: $0, after: 0, seconds: $1)
            }
            let policy = DynamicChunking(
                chunkSize: fixture.chunkSize, smoothingFactor: fixture.smoothingFactor,
                pageSize: fixture.pageSize, contextLength: fixture.contextLength,
                prefillTokensMax: fixture.prefillTokensMax,
                curve: QuadraticCurve(samples: samples))
            var start = 0
            for chunk in fixture.chunks {
                #expect(policy.chunkTokens(after: start) == chunk, "case \(index), at \(start)")
                start += chunk
                decisions += 1
            }
        }
        print("dynamic: \(decisions) decisions in \(cases.count) cases")
        #expect(cases.count >= 500)
    }
}
