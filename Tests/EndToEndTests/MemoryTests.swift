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

    private static func rows(lengths: [Int], _ flags: [String]) async throws -> [Row] {
        let result = try await ChildProcess.run(
            Penstock.executable,
            [
                "bench", "prefill", TestModels.smolLM2, "--prompt-lengths",
                lengths.map(String.init).joined(separator: ","), "--repetitions", "1", "--json",
            ] + flags)
        #expect(result.status == 0, "\(result.errors)")
        let rows = try JSONDecoder().decode([Row].self, from: Data(result.output.utf8))
        try #require(rows.map(\.promptTokens) == lengths)
        return rows
    }

    private static func check(_ row: Row, stageCount: Int) {
        #expect(row.peakMemoryBytes.count == stageCount)
        for (peak, expected) in zip(row.peakMemoryBytes, row.expectedMemoryBytes) {
            #expect(abs(peak - expected) < expected * 8 / 100, "\(row)")
        }
    }

    @Test(
        "stages hold weights, pages and a working set that no prompt makes larger",
        arguments: [1, 2])
    func stages(stageCount: Int) async throws {
        // Open MPI keeps room for as many pieces of messages as were ever under way, which the
        // first chunks do not reach.
        let rows = try await Self.rows(
            lengths: [4096, 10240],
            ["--pp-size", "\(stageCount)", "--chunk-sizes", "256"])
        for row in rows { Self.check(row, stageCount: stageCount) }
        for stage in 0..<stageCount {
            let beyond = rows.map { $0.peakMemoryBytes[stage] - $0.expectedMemoryBytes[stage] }
            #expect(abs(beyond[1] - beyond[0]) < 4 * Self.mebibyte, "\(rows)")
        }
        #expect(rows[1].coordinatorPeakMemoryBytes < 96 * Self.mebibyte)
        let growth = rows[1].coordinatorPeakMemoryBytes - rows[0].coordinatorPeakMemoryBytes
        #expect(growth < 4 * Self.mebibyte)
    }

    @Test(
        "what rounding weights to 8 bits takes is gone when stages begin",
        arguments: [[], ["--isa", "avx2"], ["--dtype", "float32"]])
    func quantized(flags: [String]) async throws {
        let rows = try await Self.rows(
            lengths: [512], ["--quantization", "w8a8_int8"] + flags)
        for row in rows { Self.check(row, stageCount: 1) }
    }
}
