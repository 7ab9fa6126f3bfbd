import Coordinator
import HTTPServer
import PipelineTypes
import Scheduling
import StageProtocol

/// The coordinator as the HTTP server sees it.
struct CoordinatorEngine: InferenceEngine {
    let coordinator: Coordinator
    let profiler: Profiler
    let tokenCapacity: Int

    func submit(
        prompt: [TokenID], sampling: SamplingParameters, logprobs: LogprobOptions
    ) -> EngineStream {
        let (id, events) = coordinator.submit(
            prompt: prompt, sampling: sampling, logprobs: logprobs)
        return EngineStream(id: id, events: events)
    }

    func cancel(_ request: RequestID) {
        coordinator.cancel(request)
    }

    func status() async -> EngineStatus {
        let status = coordinator.status
        return EngineStatus(
            phase: Self.phase(status.phase),
            runningRequests: status.scheduler.runningRequests,
            queuedRequests: status.scheduler.waitingRequests,
            usedTokens: status.scheduler.usedPages * Page.size,
            tokenCapacity: tokenCapacity, lastCompletion: lastCompletion)
    }

    private var lastCompletion: ContinuousClock.Instant? {
        guard let completed = coordinator.status.lastCompletion else { return nil }
        let age = MonotonicClock.now().seconds(since: completed)
        return ContinuousClock.now - .seconds(age)
    }

    func flushCache() async {
        coordinator.flushCache()
    }

    func startProfile(_ request: ProfileRequest) async throws(ProfileError) {
        try profiler.start(request)
    }

    func stopProfile() async throws(ProfileError) -> String {
        try await profiler.stop()
    }

    private static func phase(_ phase: CoordinatorPhase) -> EngineStatus.Phase {
        switch phase {
        case .starting: .starting
        case .serving: .ready
        case .restarting: .recovering
        case .failed, .stopped: .stopped
        }
    }
}
