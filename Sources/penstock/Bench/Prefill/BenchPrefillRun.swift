import CommandLineOptions
import DecoderModels
import Foundation
import Kernels
import PipelineTypes
import Timelines

/// `penstock bench prefill`: time to first token of prompts that nothing has computed before.
struct BenchPrefillRun {
    private let options: BenchPrefillOptions
    private let environment: [String: String]

    init(_ options: BenchPrefillOptions, environment: [String: String]) {
        self.options = options
        self.environment = environment
    }

    /// One measured combination; times are medians.
    private struct Row: Encodable {
        var model: String
        /// The flags that change what is computed.
        var settings: [String]
        var promptTokens: Int
        /// Prompts submitted at once.
        var requests: Int
        var stages: Int
        var threadsPerStage: Int
        /// `auto`, `off`, a number of tokens, or `dynamic:SIZE:FACTOR`.
        var chunkSize: String
        /// Until the last prompt's first token.
        var ttftSeconds: Double
        /// Of all prompts together.
        var tokensPerSecond: Double
        /// Every repetition's time to first token.
        var samples: [Double]
        /// The prompts' microbatches, in the median repetition.
        var chunkTokens: [Int]
        /// The share of the run in which each stage computed, in the median repetition.
        var busyShares: [Double]
        /// What all threads did in the median repetition, as shares of their time.
        var work: WorkShares
        /// The model's FLOP per second, as a share of the peak.
        var utilization: Double
        /// What large matrix products reached on as many threads, in the numbers that the model is
        /// computed in where nothing is quantized.
        var peakGigaflops: Double
        /// `bfloat16` or `float32`.
        var peakType: String
        /// The longest time in which no stage computed.
        var allIdleSecondsMax: Double
        /// The most that each stage's process has used since it began.
        var peakMemoryBytes: [Int]
        /// What that should be: weights, KV pages in use, and what computing takes.
        var expectedMemoryBytes: [Int]
        /// The most that the process has used that runs the pipeline, since it began to.
        var coordinatorPeakMemoryBytes: Int
    }

    func run() async throws {
        var rows: [Row] = []
        for stageCount in options.bench.stageCounts {
            let peak = try peak(stageCount: stageCount)
            ProcessMemory.forgetPeak()
            for chunkSize in options.chunkSizes {
                rows += try await measure(
                    stageCount: stageCount, chunkSize: chunkSize, peak: peak)
            }
        }
        if options.bench.json { return try Console.printJSON(rows) }
        let header =
            [
                "prompt", "pp", "threads", "chunk", "TTFT s", "tok/s", "utilization", "of GFLOP/s",
                "busy",
            ]
            + Self.workNames + ["peak MiB", "expected MiB", "coordinator MiB"]
        let cells = rows.map { row in
            [
                promptText(length: row.promptTokens), "\(row.stages)", "\(row.threadsPerStage)",
                row.chunkSize, String(format: "%.3f", row.ttftSeconds),
                String(format: "%.0f", row.tokensPerSecond), percent(row.utilization),
                String(format: "%.0f \(row.peakType)", row.peakGigaflops),
                row.busyShares.map(percent).joined(separator: " "),
                percent(row.work.linear), percent(row.work.attention),
                percent(row.work.elementwise), percent(row.work.communication),
                percent(row.work.waiting),
                mebibytes(row.peakMemoryBytes), mebibytes(row.expectedMemoryBytes),
                mebibytes([row.coordinatorPeakMemoryBytes]),
            ]
        }
        try Console.print(TextTable([header] + cells).text(alignsRight: true))
    }

    private static let workNames = [
        "linear", "attention", "elementwise", "communication", "waiting",
    ]

    private func percent(_ share: Double) -> String {
        String(format: share < 0.0995 ? "%.1f %%" : "%.0f %%", share * 100)
    }

    private func mebibytes(_ byteCounts: [Int]) -> String {
        byteCounts.map { "\($0 >> 20)" }.joined(separator: " ")
    }

    private func promptText(length: Int) -> String {
        options.requestCount == 1 ? "\(length)" : "\(options.requestCount) × \(length)"
    }

    /// What the cores that a pipeline computes on can do.
    private func peak(stageCount: Int) throws -> ProductPeak {
        let cores = availableCores()
        let shares = CoreShares(
            stageCount: stageCount, hostCount: 1, threads: options.bench.threads, cores: cores)
        return try ProductPeak(
            threads: min(max(1, cores.count), stageCount * shares.threads), options: options.bench)
    }

    private func measure(
        stageCount: Int, chunkSize: ChunkingPolicy, peak: ProductPeak
    ) async throws -> [Row] {
        let longest = options.promptLengths.max() ?? 0
        let work = BenchPipeline.Work(
            chunking: chunkSize, positionsMax: longest + 1, requestCount: options.requestCount)
        return try await BenchPipeline.run(
            work, stageCount: stageCount, options.bench, environment: environment
        ) { pipeline in
            var rows: [Row] = []
            for length in options.promptLengths {
                rows.append(try await row(pipeline, length: length, chunkSize, peak))
            }
            return rows
        }
    }

    private func row(
        _ pipeline: BenchPipeline, length: Int, _ chunkSize: ChunkingPolicy, _ peak: ProductPeak
    ) async throws -> Row {
        var runs: [Run] = []
        for repetition in 1...options.bench.repetitions {
            let count = "\(repetition) of \(options.bench.repetitions)"
            pipeline.report("\(promptText(length: length)) tokens, \(count)")
            runs.append(try await run(pipeline, length: length, repetition: repetition))
        }
        let median = runs.sorted { $0.seconds < $1.seconds }[runs.count / 2]
        let operations =
            Double(options.requestCount) * pipeline.model.promptOperations(tokens: length)
        return Row(
            model: options.bench.modelPath, settings: options.bench.arithmeticFlags,
            promptTokens: length, requests: options.requestCount, stages: pipeline.stageCount,
            threadsPerStage: pipeline.threadsPerStage, chunkSize: chunkSize.text,
            ttftSeconds: median.seconds,
            tokensPerSecond: Double(options.requestCount * length) / median.seconds,
            samples: runs.map(\.seconds), chunkTokens: median.chunkTokens,
            busyShares: median.report.busyShares, work: median.work,
            utilization: operations / median.seconds / peak.rate,
            peakGigaflops: peak.rate / 1e9, peakType: "\(peak.type)",
            allIdleSecondsMax: median.report.allIdleSecondsMax,
            peakMemoryBytes: pipeline.peakMemoryBytes,
            expectedMemoryBytes: pipeline.expectedMemoryBytes,
            coordinatorPeakMemoryBytes: ProcessMemory.peakByteCount(of: getpid()) ?? 0)
    }

    private struct Run {
        var seconds: Double
        var chunkTokens: [Int]
        var report: BubbleReport
        var work: WorkShares
    }

    private func run(
        _ pipeline: BenchPipeline, length: Int, repetition: Int
    ) async throws -> Run {
        let count = options.requestCount
        let prompts = pipeline.prompts(
            count, length: length, firstSeed: (repetition - 1) * count + 1)
        let (seconds, timeline) = try await pipeline.timeline {
            try await pipeline.tokenSeconds(prompts, newTokens: 1)
        }
        let total = seconds.joined().max() ?? 0
        return Run(
            seconds: total, chunkTokens: timeline.microbatches.map(\.tokenCount),
            report: BubbleReport(timeline),
            work: WorkShares(
                timeline, seconds: total, threadsPerStage: pipeline.threadsPerStage))
    }
}

extension ChunkingPolicy {
    /// As options spell it.
    fileprivate var text: String {
        switch self {
        case .automatic: "auto"
        case .whole: "off"
        case .fixed(let tokens): "\(tokens)"
        case .dynamic(let tokens, let factor): "dynamic:\(tokens):\(factor)"
        }
    }
}
