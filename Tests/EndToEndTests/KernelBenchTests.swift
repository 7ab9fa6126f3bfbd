import Foundation
import Testing

/// Every kernel is measured, against limits of the same run; how fast it was is nobody's promise.
@Suite("penstock bench kernels", .serialized)
struct KernelBenchTests {
    private struct Report: Decodable {
        struct Limit: Decodable {
            var limit: String
            var threads: Int
            var rate: Double
            var unit: String
        }

        struct Kernel: Decodable {
            var kernel: String
            var rows: Int?
            var weights: String?
            var headSize: Int?
            var prefix: Int?
            var rate: Double
            var unit: String
            var limit: String?
            var limitRate: Double?
            var share: Double?
        }

        var instructionSet: String
        var threads: Int
        var limits: [Limit]
        var kernels: [Kernel]
    }

    private static func bench(
        _ arguments: [String]
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await ChildProcess.run(
            Penstock.executable, ["bench", "kernels", "--tiny"] + arguments)
    }

    private static func report(_ arguments: [String]) async throws -> Report {
        let result = try await bench(arguments + ["--json"])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    }

    /// What every report must be, whatever the machine.
    private static func check(_ report: Report) {
        for limit in report.limits {
            #expect(limit.rate.isFinite && limit.rate > 0, "\(limit)")
        }
        for kernel in report.kernels {
            #expect(kernel.rate.isFinite && kernel.rate > 0, "\(kernel)")
            guard let share = kernel.share else { continue }
            let limit = report.limits.first {
                $0.limit == kernel.limit && $0.threads == report.threads
            }
            #expect(limit?.unit == kernel.unit, "\(kernel)")
            #expect(share == kernel.rate / (kernel.limitRate ?? .nan), "\(kernel)")
            // Memory is looked at again with each kernel.
            #expect(
                kernel.limitRate == limit?.rate || kernel.limit == "memory bandwidth",
                "\(kernel)")
            #expect(share > 0 && share < 1.5, "\(kernel)")
        }
        let layers = ["QKV", "attention output", "gate and up", "down", "head"]
        for layer in layers {
            let plain = report.kernels.filter {
                $0.kernel == layer && ["bfloat16", "float32"].contains($0.weights)
            }
            #expect(plain.map(\.rows) == [1, 8, 64, 100])
            #expect(plain.map { $0.limit == "memory bandwidth" } == [true, true, false, false])
        }
        for kernel in ["prefill attention", "decode attention", "shared decode attention"] {
            let rows = report.kernels.filter { $0.kernel == kernel }
            for headSize in [64, 128, 256] {
                #expect(
                    rows.filter { $0.headSize == headSize }.map(\.prefix) == [128, 1088],
                    "\(kernel)")
            }
        }
        for kernel in ["rms norm", "silu and multiply", "rotate", "add"] {
            let rows = report.kernels.filter { $0.kernel == kernel }
            #expect(rows.count == 1 && rows.allSatisfy { $0.share == nil })
        }
    }

    @Test("without a model, every kernel is measured with the shapes of a small one")
    func builtInShapes() async throws {
        let report = try await Self.report(["--threads", "1"])
        Self.check(report)
        #expect(report.threads == 1)
        let hasBfloat16 = report.instructionSet == "avx512_bf16"
        let products = hasBfloat16 ? ["bf16 product", "f32 product"] : ["f32 product"]
        #expect(
            report.limits.map(\.limit) == products + ["int8 product", "memory bandwidth"])
        // Blocks as checkpoints have them are read where there are kernels for them.
        let stored = report.kernels.filter { $0.weights == "q4_1" }
        #expect(
            stored.map(\.rows)
                == (hasBfloat16 ? [Int](repeating: 0, count: 5) : [])
                .flatMap { _ in [1, 8] })
        let rounded = report.kernels.filter { $0.weights == "w8a8_int8" }
        #expect(rounded.map(\.rows) == [64, 100, 64, 100, 64, 100, 64, 100])
        #expect(rounded.allSatisfy { $0.limit == "int8 product" })
    }

    @Test("with a model, its shapes are measured, on any instruction set that there is")
    func modelShapes() async throws {
        for arguments in [
            ["--isa", "scalar"], ["--isa", "avx2", "--dtype", "float32"],
            ["--isa", "avx2", "--kv-cache-dtype", "int8"],
        ] {
            let report = try await Self.report(
                [TestModels.tinyLlama, "--threads", "1"] + arguments)
            Self.check(report)
            #expect(report.instructionSet == arguments[1])
            #expect(!report.limits.contains { $0.limit == "bf16 product" })
        }
    }

    @Test("limits are those of one thread and of all that compute")
    func allThreads() async throws {
        let report = try await Self.report([TestModels.tinyLlama])
        Self.check(report)
        let threads = report.threads > 1 ? [1, report.threads] : [1]
        #expect(
            report.limits.filter { $0.limit == "memory bandwidth" }.map(\.threads) == threads)
    }

    @Test("people get two tables, and progress besides")
    func tables() async throws {
        let result = try await Self.bench([TestModels.tinyLlama, "--threads", "1"])
        #expect(result.status == 0)
        #expect(result.output.contains("share") && result.output.contains(" %"))
        #expect(result.output.contains("memory bandwidth"))
        #expect(result.errors.contains("measuring head"))
    }

    @Test("a model that is none is refused before anything is measured")
    func noModel() async throws {
        let result = try await Self.bench(["/nowhere/at-all.gguf"])
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }
}
