import Foundation
import Testing

/// The command as it is typed, in the repository's folder.
@Suite("penstock plan")
struct PlanTests {
    private struct Report: Decodable {
        var calibrationScale: Double?
        var rankings: [Ranking]
    }

    private struct Ranking: Decodable {
        var promptTokens: Int
        var plans: [Plan]
    }

    private struct Plan: Decodable {
        var stages: Int
        var devicesPerStage: Int
        var policy: String
        var ttftSeconds: Double
        var fits: Bool
        var penstock: String
        var sglang: String?
    }

    /// Profiles are found by name in the folder where the command runs.
    private static func plan(
        _ arguments: [String]
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await ChildProcess.run(
            "/bin/sh",
            ["-c", "cd \"$0\" && exec \"$@\"", TestModels.root.path, Penstock.executable, "plan"]
                + arguments)
    }

    @Test("a table for people, JSON for programs, the same best row in both")
    func aTableAndJSON() async throws {
        let arguments = ["--model", "qwen3-235b-a22b-fp8", "--hardware", "h20-node"]
        let shared = arguments + ["--devices", "32", "--prompt-lengths", "131072,262144"]
        let table = try await Self.plan(shared)
        #expect(table.status == 0 && table.errors.isEmpty)
        let json = try await Self.plan(shared + ["--json"])
        #expect(json.status == 0)
        let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
        #expect(report.rankings.map(\.promptTokens) == [131072, 262144])
        #expect(try #require(report.calibrationScale) > 0.8)
        for ranking in report.rankings {
            #expect(ranking.plans.map(\.ttftSeconds) == ranking.plans.map(\.ttftSeconds).sorted())
            let best = try #require(ranking.plans.first)
            #expect(table.output.contains(best.penstock))
            #expect(table.output.contains("\(best.stages) × \(best.devicesPerStage)"))
            let forSGLang = ranking.plans.first { $0.sglang != nil }
            #expect(table.output.contains(try #require(forSGLang?.sglang)))
        }
    }

    @Test("without a length, a prompt as long as the model's context; beyond that, a warning")
    func contextLength() async throws {
        let shared = ["--model", "smollm2-135m", "--hardware", "cpu-2-core"]
        let own = try await Self.plan(shared)
        #expect(own.output.hasPrefix("smollm2-135m: 0.1345 billion weights, 30 layers; "))
        #expect(own.output.contains("\n8192 tokens; one stage of 1 takes"))
        #expect(own.output.contains("\nPenstock: penstock serve"))
        #expect(!own.output.contains("scaled positions"))
        let longer = try await Self.plan(shared + ["--prompt-lengths", "16384"])
        #expect(longer.output.contains("the model's context is 8192"))
    }

    @Test("what cannot be planned is refused in one line, with exit status 2")
    func refusals() async throws {
        let cases: [([String], String)] = [
            (["--model", "smollm2-135m", "--hardware", "h20"], "the nearest is 'h20-node'; in"),
            (["--model", "smollm", "--hardware", "h20-node"], "'smollm2-135m'"),
            (["--model", "nix", "--hardware", "h20-node"], "in profiles/models and "),
            (
                [
                    "--model", "smollm2-135m", "--hardware", "cpu-2-core", "--pp-size", "31",
                    "--devices", "40",
                ], "31 stages are more than the model's 30 layers"
            ),
            (["--model", "Package.swift", "--hardware", "h20-node"], "Package.swift:1: not JSON"),
            (["--model", "qwen3-8b", "--hardware", "README.md"], "README.md"),
            (["--model", "qwen3-8b", "--hardware", "h20-node", "--tp-size", "3"], "32 attention"),
        ]
        for (arguments, part) in cases {
            let result = try await Self.plan(arguments)
            #expect(result.status == 2, "\(arguments)")
            #expect(result.output.isEmpty)
            #expect(result.errors.hasPrefix("penstock: ") && result.errors.contains(part))
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        }
    }

    @Test("names are found from any folder, and what serve refuses is told")
    func fromAnyFolder() async throws {
        let result = try await ChildProcess.run(
            "/bin/sh",
            [
                "-c", "cd / && exec \"$@\"", "sh", Penstock.executable, "plan", "--model",
                "deepseek-v3.1", "--hardware", "h20-node", "--devices", "16",
            ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains(": 671 billion weights, 37.55 of them active, 61 layers; "))
        #expect(result.output.contains("Penstock (refused today, not built: GPUs, deepseek_v3"))
        #expect(result.output.contains("efficiency: tokens/s per device"))
    }

    @Test("a model with fewer layers than devices is planned, and the idle ones are told")
    func idleDevices() async throws {
        let result = try await Self.plan(
            [
                "--model", "smollm2-135m", "--hardware", "h20-node", "--devices", "32",
                "--prompt-lengths", "1",
            ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("32 devices of 8 × H20, 141 GB, 2 of which stay idle"))
        #expect(result.output.contains("\n1 token; one stage of 1 takes 0.0"))
        let one = try await Self.plan(
            ["--model", "smollm2-135m", "--hardware", "cpu-2-core", "--devices", "1"])
        #expect(one.output.contains(" 1 device of "))
    }

    @Test("chunks for a model on a machine take what plan says of the same pipeline")
    func chunksOfAProfile() async throws {
        struct Chunks: Decodable {
            var stageCosts: [[String: Double]]
            var makespanSeconds: Double
            var lowerBoundSeconds: Double
        }
        let target = ["--model", "deepseek-v3.1", "--hardware", "h20-node", "--pp-size", "4"]
        let plan = try await Self.plan(
            target + ["--tp-size", "8", "--devices", "32", "--prompt-lengths", "131072", "--json"])
        let report = try JSONDecoder().decode(Report.self, from: Data(plan.output.utf8))
        let automatic = try #require(report.rankings[0].plans.first { $0.policy == "auto" })
        let chunks = try await ChildProcess.run(
            Penstock.executable,
            ["chunks"] + target
                + [
                    "--tp-size", "8", "--prompt-length", "131072", "--max-prefill-tokens", "16384",
                    "--json",
                ])
        #expect(chunks.status == 0, "\(chunks.errors)")
        let own = try JSONDecoder().decode(Chunks.self, from: Data(chunks.output.utf8))
        #expect(own.stageCosts.count == 4)
        #expect(abs(own.makespanSeconds / automatic.ttftSeconds - 1) < 1e-9)
        #expect(own.lowerBoundSeconds <= own.makespanSeconds)
        #expect(own.lowerBoundSeconds > own.makespanSeconds * 0.9)
    }
}
