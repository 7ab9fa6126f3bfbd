import CommandLineOptions
import Foundation
import PipelineTypes
import Timelines

/// `penstock bench decode`: tokens per second once all prompts are computed.
struct BenchDecodeRun {
    private let options: BenchDecodeOptions
    private let environment: [String: String]

    init(_ options: BenchDecodeOptions, environment: [String: String]) {
        self.options = options
        self.environment = environment
    }

    /// One measured combination.
    private struct Row: Encodable {
        var model: String
        /// The flags that change what is computed.
        var settings: [String]
        /// Positions computed before.
        var depth: Int
        /// Requests that decode together.
        var batchSize: Int
        var newTokens: Int
        var stages: Int
        var threadsPerStage: Int
        /// Of all requests together, in the median repetition.
        var tokensPerSecond: Double
        /// The median time between two tokens of a request, in the median repetition.
        var itlMilliseconds: Double
        /// Every repetition's tokens per second.
        var samples: [Double]
    }

    func run() async throws {
        var rows: [Row] = []
        for stageCount in options.bench.stageCounts {
            rows += try await measure(stageCount: stageCount)
        }
        if options.bench.json { return try Console.printJSON(rows) }
        let header = [
            "depth", "batch", "pp", "threads", "tok/s", "median ITL ms", "each run's tok/s",
        ]
        let cells = rows.map { row in
            [
                "\(row.depth)", "\(row.batchSize)", "\(row.stages)", "\(row.threadsPerStage)",
                String(format: "%.1f", row.tokensPerSecond),
                String(format: "%.2f", row.itlMilliseconds),
                row.samples.map { String(format: "%.1f", $0) }.joined(separator: " "),
            ]
        }
        try Console.print(TextTable([header] + cells).text(alignsRight: true))
    }

    private func measure(stageCount: Int) async throws -> [Row] {
        let deepest = options.depths.max() ?? 0
        let work = BenchPipeline.Work(
            positionsMax: deepest + 1 + generatedTokens,
            requestCount: options.batchSizes.max() ?? 1, allAtOnce: true,
            prefixCacheEnabled: true)
        return try await BenchPipeline.run(
            work, stageCount: stageCount, options.bench, environment: environment
        ) { pipeline in
            var rows: [Row] = []
            for depth in options.depths {
                for batchSize in options.batchSizes {
                    rows.append(try await row(pipeline, depth: depth, batchSize: batchSize))
                }
            }
            return rows
        }
    }

    /// The first token comes with the last of the prompt, and ends nothing but the wait for it.
    private var generatedTokens: Int {
        options.newTokens + 1
    }

    private func row(
        _ pipeline: BenchPipeline, depth: Int, batchSize: Int
    ) async throws -> Row {
        let name = "\(batchSize) × depth \(depth)"
        let prompts = pipeline.prompts(batchSize, length: depth + 1)
        if depth >= Page.size {
            // Their whole pages stay in the prefix cache: each repetition begins right after them.
            pipeline.report("\(name): computing the prompts")
            _ = try await pipeline.tokenSeconds(prompts, newTokens: 0) { count in
                pipeline.report("\(name): \(count) of \(batchSize) prompts computed")
            }
        }
        var windows: [DecodeWindow] = []
        for repetition in 1...options.bench.repetitions {
            pipeline.report("\(name): \(repetition) of \(options.bench.repetitions)")
            let seconds = try await pipeline.tokenSeconds(prompts, newTokens: generatedTokens)
            guard let window = DecodeWindow(tokenSeconds: seconds) else {
                throw UsageError(
                    "\(name): the requests did not decode together; --new-tokens"
                        + " \(options.newTokens) is too few")
            }
            windows.append(window)
        }
        let median = windows.sorted { $0.tokensPerSecond > $1.tokensPerSecond }[windows.count / 2]
        return Row(
            model: options.bench.modelPath, settings: options.bench.arithmeticFlags, depth: depth,
            batchSize: batchSize, newTokens: options.newTokens,
            stages: pipeline.stageCount, threadsPerStage: pipeline.threadsPerStage,
            tokensPerSecond: median.tokensPerSecond,
            itlMilliseconds: median.interTokenSecondsMedian * 1e3,
            samples: windows.map(\.tokensPerSecond))
    }
}
