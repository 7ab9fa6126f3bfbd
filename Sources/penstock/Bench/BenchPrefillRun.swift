import CommandLineOptions
import Coordinator
import DecoderModels
import Foundation
import Logging
import PipelineTypes
import StageProtocol
import Timelines

/// `penstock bench prefill`: time to first token of prompts that nothing has computed before.
struct BenchPrefillRun {
    private let options: BenchPrefillOptions
    private let environment: [String: String]
    private let logger: Logger

    init(_ options: BenchPrefillOptions, environment: [String: String]) {
        self.options = options
        self.environment = environment
        logger = Logger.console(level: options.json ? .warning : .info)
    }

    /// One measured combination; times are medians.
    private struct Row: Encodable {
        var promptTokens: Int
        var stages: Int
        var threadsPerStage: Int
        /// `auto`, `off`, a number of tokens, or `dynamic:SIZE:FACTOR`.
        var chunkSize: String
        var ttftSeconds: Double
        var tokensPerSecond: Double
        /// Every repetition's time to first token.
        var samples: [Double]
        /// The prompt's chunks, in the median repetition.
        var chunkTokens: [Int]
        /// The share of the run in which each stage computed, in the median repetition.
        var busyShares: [Double]
        /// The longest time in which no stage computed.
        var allIdleSecondsMax: Double
    }

    func run() async throws {
        var rows: [Row] = []
        for stageCount in options.stageCounts {
            for chunkSize in options.chunkSizes {
                rows += try await measure(stageCount: stageCount, chunkSize: chunkSize)
            }
        }
        if options.json { return try Console.printJSON(rows) }
        let header = ["prompt", "pp", "threads", "chunk", "TTFT s", "tok/s", "busy"]
        let cells = rows.map { row in
            [
                "\(row.promptTokens)", "\(row.stages)", "\(row.threadsPerStage)",
                row.chunkSize, String(format: "%.3f", row.ttftSeconds),
                String(format: "%.0f", row.tokensPerSecond),
                row.busyShares.map { String(format: "%.0f %%", $0 * 100) }.joined(separator: " "),
            ]
        }
        try Console.print(TextTable([header] + cells).text(alignsRight: true))
    }

    private func measure(
        stageCount: Int, chunkSize: ChunkingPolicy
    ) async throws -> [Row] {
        let longest = options.promptLengths.max() ?? 0
        let plan = try ServingPlan(request(stageCount, chunkSize, tokens: longest))
        let coordinator = try await PipelineRun.start(
            plan, environment: environment, logger: logger, timingsKept: 1 << 16)
        var rows: [Row] = []
        do {
            // As a server does, with seeds of its own.
            await StartupProfile(coordinator, plan, logger: logger).run()
            for length in options.promptLengths {
                rows.append(try await row(coordinator, length: length, plan))
            }
        } catch {
            await coordinator.shutDown()
            throw error
        }
        await coordinator.shutDown()
        return rows
    }

    private func request(
        _ stageCount: Int, _ chunkSize: ChunkingPolicy, tokens: Int
    ) -> PipelineRequest {
        PipelineRequest(
            modelPath: options.modelPath,
            pipeline: PipelineOptions(
                stageCount: stageCount, layerCounts: nil, asyncBatchDepth: nil,
                activationType: .float32),
            scheduling: SchedulingOptions(
                chunking: chunkSize, prefillTokensMax: max(16384, tokens),
                runningRequestsMax: nil, queuedRequestsMax: nil, microbatchRequestsMax: nil),
            memory: MemoryOptions(
                staticFraction: nil, totalTokensMax: (tokens + Page.size) * stageCount,
                prefixCacheEnabled: false),
            compute: ComputeOptions(
                type: options.type, threads: options.threads,
                instructionSet: options.instructionSet),
            contextLength: tokens + Page.size, mayExceedContext: true)
    }

    private func row(
        _ coordinator: Coordinator, length: Int, _ plan: ServingPlan
    ) async throws -> Row {
        var runs: [Run] = []
        for repetition in 1...options.repetitions {
            let stages = plan.limits.stageCount
            logger.info("pp \(stages): \(length) tokens, \(repetition) of \(options.repetitions)")
            runs.append(
                try await timeToFirstToken(
                    coordinator, length: length, seed: UInt64(repetition), plan))
        }
        let sorted = runs.sorted { $0.seconds < $1.seconds }
        let median = sorted[sorted.count / 2]
        return Row(
            promptTokens: length, stages: plan.limits.stageCount,
            threadsPerStage: plan.stages[0].threadCount, chunkSize: plan.limits.chunking.text,
            ttftSeconds: median.seconds, tokensPerSecond: Double(length) / median.seconds,
            samples: runs.map(\.seconds), chunkTokens: median.chunkTokens,
            busyShares: median.report.busyShares,
            allIdleSecondsMax: median.report.allIdleSecondsMax)
    }

    private struct Run {
        var seconds: Double
        var chunkTokens: [Int]
        var report: BubbleReport
    }

    /// Computes a prompt of arbitrary tokens; `seed` tells one from the other.
    private func timeToFirstToken(
        _ coordinator: Coordinator, length: Int, seed: UInt64, _ plan: ServingPlan
    ) async throws -> Run {
        let prompt = ArbitraryPrompt.tokens(
            length, seed: seed, vocabularySize: plan.model.vocabularySize)
        var sampling = SamplingParameters()
        sampling.maxNewTokens = 1
        sampling.temperature = 0
        let before = coordinator.recentTimeline.microbatches.last?.id
        let began = ContinuousClock.now
        let (_, events) = coordinator.submit(prompt: prompt, sampling: sampling)
        for await event in events {
            switch event {
            case .token:
                let elapsed = ContinuousClock.now - began
                var timeline = coordinator.recentTimeline
                timeline.microbatches.removeAll { before.map($0.id.isAfter) == false }
                return Run(
                    seconds: elapsed / .seconds(1),
                    chunkTokens: timeline.microbatches.map(\.tokenCount),
                    report: BubbleReport(timeline))
            case .ended(.rejected(let reason)):
                throw UsageError(reason.message)
            case .ended(let end):
                throw UsageError("the prompt was not computed: \(end)")
            case .started, .promptLogprobs:
                continue
            }
        }
        throw UsageError("the pipeline ended before the prompt was computed")
    }
}

extension MicrobatchID {
    fileprivate func isAfter(_ other: MicrobatchID) -> Bool {
        self > other
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
