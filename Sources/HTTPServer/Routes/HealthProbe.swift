import PipelineTypes
import Tokenization

/// Finds out whether the pipeline produces tokens, by having it produce one.
///
/// Probes that come while one is under way share its answer, so that watching the server costs it
/// one token at a time at most.
actor HealthProbe {
    private let engine: any InferenceEngine
    private let model: ServedModel
    private let options: HTTPServerOptions
    private var underway: Task<Bool, Never>?

    init(engine: any InferenceEngine, model: ServedModel, options: HTTPServerOptions) {
        self.engine = engine
        self.model = model
        self.options = options
    }

    /// Whether a microbatch was completed lately or a token can be generated now. Answers within
    /// the health timeout, whatever the engine does.
    func isHealthy() async -> Bool {
        let (engine, freshness) = (engine, options.healthFreshness)
        let isFresh = await Self.bounded(by: options.healthTimeout) {
            let status = await engine.status()
            guard status.phase == .ready, let last = status.lastCompletion else { return false }
            return last.duration(to: .now) <= freshness
        }
        if isFresh { return true }
        return await generates()
    }

    /// Whether a token can be generated now.
    func generates() async -> Bool {
        if let underway { return await underway.value }
        let (engine, plan) = (engine, plan)
        let timeout = options.healthTimeout
        let probe = Task {
            await Self.bounded(by: timeout) { await Self.generatesToken(plan, engine) }
        }
        underway = probe
        let answer = await probe.value
        underway = nil
        return answer
    }

    private var plan: GenerationPlan {
        var sampling = SamplingParameters()
        sampling.maxNewTokens = 1
        sampling.temperature = 0
        return GenerationPlan(prompt: [model.beginOfSequence ?? 0], sampling: sampling)
    }

    private static func generatesToken(
        _ plan: GenerationPlan, _ engine: any InferenceEngine
    ) async -> Bool {
        let generation = RunningGeneration(plans: [plan], engine: engine, tokenizer: nil)
        let transcripts = try? await generation.forEachUpdate { _, _ in }
        return transcripts?.first?.tokens.isEmpty == false
    }

    /// What `operation` answers, or false when the time is up. Does not wait for an operation that
    /// ignores its cancellation.
    private static func bounded(
        by timeout: Duration, _ operation: @escaping @Sendable () async -> Bool
    ) async -> Bool {
        let (answers, continuation) = AsyncStream.makeStream(of: Bool.self)
        let work = Task { continuation.yield(await operation()) }
        let timer = Task {
            try? await Task.sleep(for: timeout)
            continuation.yield(false)
        }
        defer {
            work.cancel()
            timer.cancel()
        }
        for await answer in answers { return answer }
        return false
    }
}
