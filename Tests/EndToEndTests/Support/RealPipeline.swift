import Coordinator
import Foundation
import Logging
import PipelineTypes
import StageProtocol

/// A pipeline of real stages: the shipped executable, real weights, real `mpirun`.
struct RealPipeline {
    var model = TestModels.smolLM2
    var layers = 30
    var stageCount = 1
    var chunking = ChunkingPolicy.fixed(tokens: 512)
    var asyncBatchDepth = 0
    var dataType = "bfloat16"
    /// nil stores keys and values as `dataType` says.
    var kvCacheType: String?
    var quantization: String?
    var activationType = StageProtocol.ActivationType.float32
    var instructionSet: String?
    /// Compute threads of one stage.
    var threads = 1
    var contextLength = 8192
    var tokenCapacity = 32768
    var prefixCacheEnabled = true

    /// Runs the pipeline for as long as `body` takes.
    func run<Result: Sendable>(
        _ body: (Coordinator) async throws -> Result
    ) async throws -> Result {
        let coordinator = try Coordinator(options())
        try await coordinator.start()
        do {
            let result = try await body(coordinator)
            await coordinator.shutDown()
            return result
        } catch {
            await coordinator.shutDown()
            throw error
        }
    }

    private func options() throws -> CoordinatorOptions {
        let partition = try LayerPartition(layers: layers, stages: stageCount)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let limits = ServingLimits(
            stageCount: stageCount, asyncBatchDepth: asyncBatchDepth,
            pageCount: tokenCapacity / Page.size, contextLength: contextLength,
            runningRequestsMax: 64, queuedRequestsMax: nil, chunking: chunking,
            prefillTokensMax: 16384, microbatchRequestsMax: nil,
            prefixCacheEnabled: prefixCacheEnabled)
        let stages = (0..<stageCount).map { stage in
            StageConfiguration(
                stage: stage, layerCounts: partition.layerCounts, modelPath: model,
                dataType: dataType, quantization: quantization,
                kvCacheType: kvCacheType ?? dataType,
                activationType: activationType,
                instructionSet: instructionSet, threadCount: threads,
                processors: (0..<threads).map { (stage * threads + $0) % cores },
                pageCount: limits.pageCount, contextLength: contextLength)
        }
        var logger = Logger(label: "test")
        logger.logLevel = .warning
        return CoordinatorOptions(
            limits: limits, stages: stages,
            launch: LaunchOptions(
                executable: Penstock.executable, arguments: ["stage"],
                environment: ProcessInfo.processInfo.environment),
            logger: logger)
    }
}

/// The shipped executable, beside the one that runs the tests.
enum Penstock {
    static let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "penstock").path
}

enum TestModels {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let fixtures = root.appending(path: "Tests/EndToEndTests/Fixtures")

    /// Fetched by `make model`.
    static let smolLM2 = root.appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf").path

    /// Four layers, untied embeddings, Llama 3 rotary scaling, three shards.
    static let tinyLlama = fixtures.appending(path: "tiny-llama").path
}

/// What a request was told.
struct Answer: Equatable, Sendable {
    var tokens: [TokenID] = []
    /// One for each generated token.
    var logprobs: [Float?] = []
    /// One for each prompt token that was scored.
    var promptScores: [ScoredToken] = []
    var cachedTokens = 0
    var end: RequestEnd?

    /// The answer but for where it came from.
    var content: Answer {
        var content = self
        content.cachedTokens = 0
        return content
    }
}

extension Coordinator {
    /// Generates greedily, or with the parameters given, and reports every log probability.
    func answer(
        _ prompt: [TokenID], newTokens: Int, promptStart: Int? = nil, topCount: Int = 0,
        sampling given: SamplingParameters? = nil
    ) async -> Answer {
        var sampling = given ?? SamplingParameters()
        if given == nil { sampling.temperature = 0 }
        sampling.maxNewTokens = newTokens
        let logprobs = LogprobOptions(
            promptStart: promptStart, output: true,
            selection: LogprobSelection(topCount: topCount))
        var answer = Answer()
        for await event in submit(prompt: prompt, sampling: sampling, logprobs: logprobs).events {
            switch event {
            case .started(let cached): answer.cachedTokens = cached
            case .promptLogprobs(let scores): answer.promptScores += scores
            case .token(let token):
                answer.tokens.append(token.token)
                answer.logprobs.append(token.logprob)
            case .ended(let end): answer.end = end
            }
        }
        return answer
    }

    /// Answers to several prompts at once, in their order.
    func answers(_ prompts: [[TokenID]], newTokens: Int) async -> [Answer] {
        await withTaskGroup(of: (Int, Answer).self) { group in
            for (index, prompt) in prompts.enumerated() {
                group.addTask { (index, await self.answer(prompt, newTokens: newTokens)) }
            }
            var answers = [Answer](repeating: Answer(), count: prompts.count)
            for await (index, answer) in group { answers[index] = answer }
            return answers
        }
    }
}
