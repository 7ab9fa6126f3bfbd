import Foundation
import Testing

/// What the system says of the processes' memory, against what they say that they need.
@Suite("memory", .serialized)
struct MemoryTests {
    private struct Row: Decodable {
        var promptTokens: Int
        var peakMemoryBytes: [Int]
        var expectedMemoryBytes: [Int]
        var coordinatorPeakMemoryBytes: Int
    }

    private static let mebibyte = 1 << 20

    @Test(
        "stages hold weights, pages and a working set that no prompt makes larger",
        arguments: [1, 2])
    func stages(stageCount: Int) async throws {
        // Open MPI keeps room for as many pieces of messages as were ever under way, which the
        // first chunks do not reach.
        let lengths = [4096, 10240]
        let result = try await ChildProcess.run(
            Penstock.executable,
            [
                "bench", "prefill", TestModels.smolLM2, "--prompt-lengths",
                lengths.map(String.init).joined(separator: ","),
                "--pp-size", "\(stageCount)", "--chunk-sizes", "256", "--repetitions", "1",
                "--json",
            ])
        #expect(result.status == 0, "\(result.errors)")
        let rows = try JSONDecoder().decode([Row].self, from: Data(result.output.utf8))
        try #require(rows.map(\.promptTokens) == lengths)
        for row in rows {
            try #require(row.peakMemoryBytes.count == stageCount)
            for (peak, expected) in zip(row.peakMemoryBytes, row.expectedMemoryBytes) {
                #expect(abs(peak - expected) < expected * 8 / 100, "\(row)")
            }
        }
        for stage in 0..<stageCount {
            let beyond = rows.map { $0.peakMemoryBytes[stage] - $0.expectedMemoryBytes[stage] }
            #expect(abs(beyond[1] - beyond[0]) < 4 * Self.mebibyte, "\(rows)")
        }
        #expect(rows[1].coordinatorPeakMemoryBytes < 96 * Self.mebibyte)
        let growth = rows[1].coordinatorPeakMemoryBytes - rows[0].coordinatorPeakMemoryBytes
        #expect(growth < 4 * Self.mebibyte)
    }
}
