import Foundation
import Testing

/// The measurements run, and say what they measured; how fast it was is nobody's promise.
@Suite("penstock bench", .serialized)
struct BenchTests {
    private static func bench(
        _ arguments: [String]
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await ChildProcess.run(
            Penstock.executable,
            ["bench", arguments[0], TestModels.tinyLlama, "--threads", "1"]
                + arguments.dropFirst())
    }

    private static func rows<Row: Decodable>(_ arguments: [String]) async throws -> [Row] {
        let result = try await bench(arguments + ["--json"])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return try JSONDecoder().decode([Row].self, from: Data(result.output.utf8))
    }

    private struct PrefillRow: Decodable {
        var promptTokens: Int
        var requests: Int
        var stages: Int
        var ttftSeconds: Double
        var tokensPerSecond: Double
        var samples: [Double]
        var chunkTokens: [Int]
        var work: [String: Double]
        var utilization: Double
        var peakMemoryBytes: [Int]
    }

    @Test("prefill computes all prompts that are submitted at once, and nothing else counts")
    func prefill() async throws {
        let rows: [PrefillRow] = try await Self.rows([
            "prefill", "--prompt-lengths", "100,200", "--requests", "3", "--pp-sizes", "2",
            "--repetitions", "2",
        ])
        #expect(rows.map(\.promptTokens) == [100, 200])
        for row in rows {
            #expect(row.requests == 3 && row.stages == 2 && row.samples.count == 2)
            #expect(row.chunkTokens.reduce(0, +) == 3 * row.promptTokens)
            #expect(row.ttftSeconds == row.samples.max())
            #expect(row.work.values.allSatisfy { $0 >= 0 })
            #expect(abs(row.work.values.reduce(0, +) - 1) < 1e-6)
            #expect(row.work["linear", default: 0] > 0)
            #expect(row.work["attention", default: 0] > 0)
            #expect(row.tokensPerSecond == Double(3 * row.promptTokens) / row.ttftSeconds)
            #expect(row.utilization > 0 && row.utilization < 1)
            #expect(row.peakMemoryBytes.count == 2)
            #expect(row.peakMemoryBytes.allSatisfy { $0 > 1 << 20 && $0 < 1 << 34 })
        }
    }

    private struct DecodeRow: Decodable {
        var depth: Int
        var batchSize: Int
        var newTokens: Int
        var stages: Int
        var tokensPerSecond: Double
        var itlMilliseconds: Double
        var samples: [Double]
    }

    @Test("decode measures every depth with every batch, in every pipeline")
    func decode() async throws {
        let rows: [DecodeRow] = try await Self.rows([
            "decode", "--depths", "0,200", "--batch-sizes", "1,3", "--pp-sizes", "1,2",
            "--new-tokens", "40", "--repetitions", "3",
        ])
        #expect(rows.map(\.stages) == [1, 1, 1, 1, 2, 2, 2, 2])
        #expect(rows.map(\.depth) == [0, 0, 200, 200, 0, 0, 200, 200])
        #expect(rows.map(\.batchSize) == [1, 3, 1, 3, 1, 3, 1, 3])
        for row in rows {
            #expect(row.newTokens == 40 && row.samples.count == 3)
            #expect(row.tokensPerSecond == row.samples.sorted()[1])
            #expect(row.samples.allSatisfy { $0 > 0 } && row.itlMilliseconds > 0)
        }
    }

    @Test("people get a table with a line for each row, and progress besides")
    func tables() async throws {
        let prefill = try await Self.bench(
            ["prefill", "--prompt-lengths", "64", "--requests", "2", "--repetitions", "1"])
        #expect(prefill.status == 0)
        #expect(prefill.output.split(separator: "\n").count == 2)
        #expect(prefill.output.contains("2 × 64") && prefill.output.contains("TTFT"))
        #expect(prefill.errors.contains("2 × 64 tokens, 1 of 1"))
        let decode = try await Self.bench(
            ["decode", "--depths", "64", "--batch-sizes", "2", "--repetitions", "1"])
        #expect(decode.status == 0)
        #expect(decode.output.split(separator: "\n").count == 2)
        #expect(decode.output.contains("ITL"))
        #expect(decode.errors.contains("2 of 2 prompts computed"))
    }

    @Test(
        "what no memory holds is refused before anything starts",
        arguments: [
            ["prefill", "--prompt-lengths", "68719476736", "--requests", "4096"],
            ["decode", "--depths", "68719476736", "--batch-sizes", "4096"],
            ["decode", "--depths", "16000000", "--batch-sizes", "4096"],
        ])
    func noMemory(arguments: [String]) async throws {
        let result = try await Self.bench(arguments)
        #expect(result.status == 2 && result.output.isEmpty)
        #expect(result.errors.contains("do not fit into memory"), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
    }
}
