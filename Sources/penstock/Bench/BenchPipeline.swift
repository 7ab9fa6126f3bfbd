import CommandLineOptions
import Coordinator
import DecoderModels
import Logging
import PipelineTypes
import Scheduling
import StageProtocol
import Timelines

/// A pipeline that serves nobody but a measurement.
struct BenchPipeline {
    /// What is to be measured, as far as the pipeline has to be made for it.
    struct Work {
        var chunking = ChunkingPolicy.automatic
        /// Positions of the longest request, prompt and output together.
        var positionsMax: Int
        /// Requests at a time.
        var requestCount: Int
        /// Whether there must be KV pages for all of them at once.
        var allAtOnce = false
        var prefixCacheEnabled = false
        /// Whether it matters how long anything takes.
        var isTimed = true
    }

    private let plan: ServingPlan
    private let coordinator: Coordinator
    private let logger: Logger

    /// Runs a pipeline for as long as `body` takes.
    static func run<Result>(
        _ work: Work, stageCount: Int, _ options: BenchOptions, environment: [String: String],
        _ body: (BenchPipeline) async throws -> Result
    ) async throws -> Result {
        let plan = try ServingPlan(request(work, stageCount: stageCount, options))
        let positions = plan.limits.contextLength * (work.allAtOnce ? work.requestCount : 1)
        guard positions <= plan.limits.tokenCapacity else {
            throw UsageError(
                "\(positions) positions do not fit into memory beside the model's weights;"
                    + " there is room for \(plan.limits.tokenCapacity)")
        }
        let logger = Logger.console(level: options.json ? .warning : .info)
        let coordinator = try await PipelineRun.start(
            plan, environment: environment, logger: logger, timingsKept: 1 << 16)
        do {
            if work.isTimed {
                // As a server does, with seeds of its own.
                await StartupProfile(coordinator, plan, logger: logger).run()
            }
            let result = try await body(
                BenchPipeline(plan: plan, coordinator: coordinator, logger: logger))
            await coordinator.shutDown()
            return result
        } catch {
            await coordinator.shutDown()
            throw error
        }
    }

    private static func request(
        _ work: Work, stageCount: Int, _ options: BenchOptions
    ) -> PipelineRequest {
        // Whole pages, and one more that a request has in reserve while others run.
        let positions = (Page.count(for: work.positionsMax) + 1) * Page.size
        let chunkTokensMax = SchedulingOptions.prefillTokensMax
        return PipelineRequest(
            modelPath: options.modelPath,
            pipeline: PipelineOptions(
                stageCount: stageCount, layerCounts: nil, asyncBatchDepth: nil,
                activationType: .float32),
            scheduling: SchedulingOptions(
                chunking: work.chunking,
                prefillTokensMax: work.chunking == .whole
                    ? max(chunkTokensMax, work.positionsMax) : chunkTokensMax,
                runningRequestsMax: max(ServingPlan.runningRequestsMax, work.requestCount),
                queuedRequestsMax: nil, microbatchRequestsMax: nil),
            memory: MemoryOptions(
                staticFraction: nil,
                // Stages that are profiled each have a prompt of their own under way.
                totalTokensMax: positions * max(stageCount, work.requestCount),
                prefixCacheEnabled: work.prefixCacheEnabled),
            compute: ComputeOptions(
                type: options.type, threads: options.threads,
                instructionSet: options.instructionSet, kvCache: options.kvCache,
                quantization: options.quantization),
            contextLength: positions, mayExceedContext: true)
    }

    var stageCount: Int {
        plan.limits.stageCount
    }

    var threadsPerStage: Int {
        plan.stages[0].threadCount
    }

    var model: DecoderConfiguration {
        plan.model
    }

    /// The most memory that each stage's process ever used, up to now.
    var peakMemoryBytes: [Int] {
        coordinator.status.stageProcesses.map { ProcessMemory.peakByteCount(of: $0) ?? 0 }
    }

    /// What that should be.
    var expectedMemoryBytes: [Int] {
        let status = coordinator.status
        let microbatches = coordinator.recentTimeline.microbatches
        let tokensMax = microbatches.lazy.map(\.tokenCount).max() ?? 0
        return status.stageMemory.map {
            $0.peakByteCount(
                pages: status.scheduler.touchedPages, of: plan.limits.pageCount,
                microbatchTokens: tokensMax)
        }
    }

    /// Tells whoever waits how far the measurement is.
    func report(_ progress: String) {
        logger.info("pp \(stageCount): \(progress)")
    }

    /// Prompts of arbitrary tokens, the same for the same seed, with no page in common.
    func prompts(_ count: Int, length: Int, firstSeed: Int = 1) -> [[TokenID]] {
        (firstSeed..<firstSeed + count).map { seed in
            ArbitraryPrompt.tokens(
                length, seed: UInt64(seed), vocabularySize: plan.model.vocabularySize)
        }
    }

    /// Submits prompts at once and generates so many tokens for each. Returns, for each prompt, in
    /// how many seconds from then on its tokens came.
    func tokenSeconds(
        _ prompts: [[TokenID]], newTokens: Int, _ onEnd: @Sendable (Int) -> Void = { _ in }
    ) async throws -> [[Double]] {
        var sampling = SamplingParameters()
        sampling.maxNewTokens = newTokens
        sampling.temperature = 0
        let began = ContinuousClock.now
        let requests = prompts.map { coordinator.submit(prompt: $0, sampling: sampling).events }
        return try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
            for (index, events) in requests.enumerated() {
                group.addTask {
                    (index, try await Self.tokenSeconds(events, count: newTokens, from: began))
                }
            }
            var seconds = [[Double]](repeating: [], count: prompts.count)
            var endedCount = 0
            for try await (index, times) in group {
                seconds[index] = times
                endedCount += 1
                onEnd(endedCount)
            }
            return seconds
        }
    }

    private static func tokenSeconds(
        _ events: AsyncStream<RequestEvent>, count: Int, from began: ContinuousClock.Instant
    ) async throws -> [Double] {
        var seconds: [Double] = []
        for await event in events {
            switch event {
            case .token:
                seconds.append((ContinuousClock.now - began) / .seconds(1))
            case .ended(.finished) where seconds.count == count:
                return seconds
            case .ended(.rejected(let reason)):
                throw UsageError(reason.message)
            case .ended(let end):
                throw UsageError("a request ended after \(seconds.count) tokens: \(end)")
            case .started, .promptLogprobs:
                continue
            }
        }
        throw UsageError("the pipeline ended before a request did")
    }

    /// The log probabilities of a prompt's tokens after the first.
    func promptLogprobs(_ prompt: [TokenID]) async throws -> [Float] {
        var sampling = SamplingParameters()
        sampling.maxNewTokens = 0
        let request = coordinator.submit(
            prompt: prompt, sampling: sampling, logprobs: LogprobOptions(promptStart: 0))
        var logprobs: [Float] = []
        for await event in request.events {
            switch event {
            case .promptLogprobs(let scored):
                logprobs += scored.compactMap(\.logprob)
            case .ended(.rejected(let reason)):
                throw UsageError(reason.message)
            case .ended(.finished):
                guard logprobs.count == prompt.count - 1, logprobs.allSatisfy(\.isFinite) else {
                    throw UsageError(
                        "the model gives log probabilities that are no numbers: its weights may be"
                            + " damaged, or too large for the type they are computed in")
                }
                return logprobs
            case .ended(.failed(let reason)):
                throw UsageError(reason)
            case .ended(.cancelled):
                throw UsageError("the request was cancelled")
            case .started, .token:
                continue
            }
        }
        throw UsageError("the pipeline ended before a request did")
    }

    /// When the stages worked on the microbatches of `body`, and what it returns.
    func timeline<Result>(
        of body: () async throws -> Result
    ) async throws -> (Result, Timeline) {
        let before = coordinator.recentTimeline.microbatches.last?.id
        let result = try await body()
        var timeline = coordinator.recentTimeline
        if let before { timeline.microbatches.removeAll { $0.id <= before } }
        return (result, timeline)
    }
}
