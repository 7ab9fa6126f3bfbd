import Foundation
import Testing

/// What settings cost is measured with the shipped executable, on a real model.
@Suite("penstock bench accuracy", .serialized)
struct AccuracyTests {
    private struct Report: Decodable {
        var settings: [String]
        var tokensScored: Int
        var perplexityDefault: Double
        var perplexity: Double
        var perplexityChange: Double
        var logprobDifferenceMean: Double
        var logprobDifferenceAbsoluteMean: Double
        var logprobDifferenceAbsoluteMax: Double
    }

    private static func accuracy(
        _ arguments: [String]
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await ChildProcess.run(
            Penstock.executable, ["bench", "accuracy", TestModels.smolLM2] + arguments)
    }

    private static func report(_ arguments: [String]) async throws -> Report {
        let result = try await accuracy(arguments + ["--json"])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    }

    @Test("the figures are those of one set of log probabilities")
    func figures() async throws {
        let report = try await Self.report(["--dtype", "float32", "--tokens", "300"])
        #expect(report.settings == ["--dtype float32"])
        #expect(report.tokensScored == 299)
        #expect(report.perplexityDefault > 1)
        #expect(report.perplexityChange == report.perplexity / report.perplexityDefault - 1)
        let change = log(report.perplexity / report.perplexityDefault)
        #expect(abs(change + report.logprobDifferenceMean) < 1e-9)
        #expect(report.logprobDifferenceAbsoluteMean >= abs(report.logprobDifferenceMean))
        #expect(report.logprobDifferenceAbsoluteMean > 1e-4)
        #expect(report.logprobDifferenceAbsoluteMean < 0.1)
        #expect(report.logprobDifferenceAbsoluteMax > report.logprobDifferenceAbsoluteMean)
    }

    @Test("settings that change nothing change no bit")
    func noChange() async throws {
        let report = try await Self.report(["--dtype", "bfloat16", "--tokens", "300"])
        #expect(report.settings.isEmpty)
        #expect(report.logprobDifferenceAbsoluteMax == 0 && report.perplexityChange == 0)
    }

    @Test("another text is another perplexity: what repeats itself surprises little")
    func otherText() async throws {
        try await TemporaryFolder.with { folder in
            let file = folder.appending(path: "text.txt")
            let text = String(repeating: "Water flows through the gate. ", count: 60)
            try Data(text.utf8).write(to: file)
            let report = try await Self.report(["--text", file.path, "--tokens", "300"])
            #expect(report.perplexityDefault > 1 && report.perplexityDefault < 2)
            let prose = try await Self.report(["--tokens", "300"])
            #expect(prose.perplexityDefault > 10)
        }
    }

    @Test("a text without a second token is refused")
    func noText() async throws {
        try await TemporaryFolder.with { folder in
            let file = folder.appending(path: "text.txt")
            try Data("a".utf8).write(to: file)
            let result = try await Self.accuracy(["--text", file.path])
            #expect(result.status == 2 && result.output.isEmpty)
            #expect(result.errors.contains("less than two tokens"), "\(result.errors)")
        }
    }

    @Test("8-bit keys and values change the perplexity of the fixed text by less than 1 %")
    func int8Cache() async throws {
        let report = try await Self.report(["--kv-cache-dtype", "int8"])
        print("--kv-cache-dtype int8: \(report)")
        #expect(report.settings == ["--kv-cache-dtype int8"])
        #expect(report.tokensScored == 4095)
        #expect(abs(report.perplexityChange) < 0.01)
        #expect(report.logprobDifferenceAbsoluteMean > 0)
    }

    @Test(
        "linear layers of 8 bits change the perplexity of the fixed text by less than 3 %",
        arguments: [[], ["--isa", "avx512"], ["--isa", "avx2"]])
    func int8Layers(instructionSet: [String]) async throws {
        let arguments = instructionSet + ["--quantization", "w8a8_int8"]
        let report = try await Self.report(arguments)
        print("\(arguments.joined(separator: " ")): \(report)")
        #expect(report.settings.last == "--quantization w8a8_int8")
        #expect(report.tokensScored == 4095)
        #expect(abs(report.perplexityChange) < 0.03)
        #expect(report.logprobDifferenceAbsoluteMean > 0.01)
    }

    @Test("people get a table that names the settings")
    func table() async throws {
        let result = try await Self.accuracy(["--isa", "scalar", "--tokens", "40"])
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("39 tokens scored"))
        #expect(result.output.contains("--isa scalar") && result.output.contains("perplexity"))
        #expect(result.errors.contains("scoring 40 tokens with --isa scalar"))
    }
}
