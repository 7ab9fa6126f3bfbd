import Checkpoints
import CommandLineOptions
import Foundation
import PipelineTypes
import Tokenization

/// `penstock bench accuracy`: the same text scored with the program's defaults and with the
/// settings in question.
struct BenchAccuracyRun {
    private let options: BenchAccuracyOptions
    private let environment: [String: String]

    init(_ options: BenchAccuracyOptions, environment: [String: String]) {
        self.options = options
        self.environment = environment
    }

    private struct Report: Encodable {
        /// The flags that differ from the defaults.
        var settings: [String]
        /// All but the text's first, which nothing comes before.
        var tokensScored: Int
        var perplexityDefault: Double
        var perplexity: Double
        /// As a share of the default's.
        var perplexityChange: Double
        /// Natural logarithms, the settings' less the default's.
        var logprobDifferenceMean: Double
        var logprobDifferenceAbsoluteMean: Double
        var logprobDifferenceAbsoluteMax: Double
    }

    func run() async throws {
        let tokens = try tokens()
        let standard = try await logprobs(tokens, options.bench.withDefaultArithmetic)
        let changed = try await logprobs(tokens, options.bench)
        let comparison = LogprobComparison(standard, changed)
        let report = Report(
            settings: options.bench.arithmeticFlags, tokensScored: standard.count,
            perplexityDefault: comparison.firstPerplexity,
            perplexity: comparison.secondPerplexity,
            perplexityChange: comparison.perplexityChange,
            logprobDifferenceMean: comparison.meanDifference,
            logprobDifferenceAbsoluteMean: comparison.meanAbsoluteDifference,
            logprobDifferenceAbsoluteMax: comparison.largestAbsoluteDifference)
        if options.bench.json { return try Console.printJSON(report) }
        try Console.print(text(report))
    }

    private func text(_ report: Report) -> String {
        let settings = report.settings.isEmpty ? "the same" : report.settings.joined(separator: " ")
        let rows = [
            ["", "defaults", settings, "change"],
            [
                "perplexity", String(format: "%.4f", report.perplexityDefault),
                String(format: "%.4f", report.perplexity),
                String(format: "%+.3f %%", report.perplexityChange * 100),
            ],
            [
                "log probability, mean difference", "", "",
                Self.number("%+.6f", report.logprobDifferenceMean),
            ],
            [
                "mean difference, absolute", "", "",
                Self.number("%.6f", report.logprobDifferenceAbsoluteMean),
            ],
            [
                "largest difference, absolute", "", "",
                Self.number("%.6f", report.logprobDifferenceAbsoluteMax),
            ],
        ]
        return "\(report.tokensScored) tokens scored\n\n" + TextTable(rows).text(alignsRight: true)
    }

    private static func number(_ format: String, _ value: Double) -> String {
        String(format: format, value)
    }

    /// The beginning of the text, with what the model wants before it.
    private func tokens() throws -> [TokenID] {
        let bytes = try options.textPath.map { try PlainFile.read($0, bytesMax: Self.bytesMax) }
        guard let whole = String(validating: bytes ?? PackageResources.prose_txt, as: UTF8.self)
        else { throw UsageError("the text is not UTF-8") }
        let text = String(whole.unicodeScalars.prefix(options.tokensMax * Self.tokenLengthMax))
        let checkpoint = try Checkpoint.open(path: options.bench.modelPath)
        let tokens = try ModelFiles(checkpoint: checkpoint).tokenizer().encode(
            text, addSpecialTokens: true, enough: options.tokensMax)
        guard tokens.count > 1 else { throw UsageError("the text has less than two tokens") }
        return Array(tokens.prefix(options.tokensMax))
    }

    private static let bytesMax = 1 << 28
    /// Characters that a token stands for at most: what comes after is not looked at.
    private static let tokenLengthMax = 1024

    /// Of all tokens but the first.
    private func logprobs(_ tokens: [TokenID], _ bench: BenchOptions) async throws -> [Float] {
        let work = BenchPipeline.Work(
            positionsMax: tokens.count + 1, requestCount: 1, isTimed: false)
        return try await BenchPipeline.run(
            work, stageCount: 1, bench, environment: environment
        ) { pipeline in
            let flags = bench.arithmeticFlags
            pipeline.report(
                "scoring \(tokens.count) tokens"
                    + (flags.isEmpty ? "" : " with " + flags.joined(separator: " ")))
            return try await pipeline.promptLogprobs(tokens)
        }
    }
}
