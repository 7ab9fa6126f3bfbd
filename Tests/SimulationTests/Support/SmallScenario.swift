import ChunkSizing
import PipelineTypes
import Simulation

extension ServingLimits {
    /// Roomy, for tests to change what matters to them.
    static func simulated(
        stages: Int, depth: Int? = 0, pages: Int = 4096, context: Int = 1 << 18, running: Int = 64,
        queued: Int? = nil, chunking: ChunkingPolicy = .fixed(tokens: 512), decodeSteps: Int? = nil,
        prefixCache: Bool = true
    ) -> ServingLimits {
        ServingLimits(
            stageCount: stages, asyncBatchDepth: depth, pageCount: pages, contextLength: context,
            runningRequestsMax: running, queuedRequestsMax: queued, chunking: chunking,
            prefillTokensMax: 1 << 18, microbatchRequestsMax: decodeSteps,
            prefixCacheEnabled: prefixCache)
    }
}

extension PrefillCost {
    /// Every chunk takes whole nanoseconds, so that virtual time rounds nothing.
    static let round = PrefillCost(fixed: 1e-3, linear: 2e-6, attention: 1e-9)
}

extension Scenario {
    /// Stages that cost the same, and links that cost nothing.
    static func uniform(
        stages: Int, cost: PrefillCost = .round, limits: ServingLimits? = nil,
        _ workload: RequestSource...
    ) -> Scenario {
        Scenario(
            stages: Array(repeating: SimulatedStage(cost: cost), count: stages),
            limits: limits ?? .simulated(stages: stages), workload: workload)
    }

    /// A scenario whose run must go as it should.
    func report() throws -> SimulationReport {
        let report = try simulate()
        guard report.violations.isEmpty else { throw Violations(description: report.violations[0]) }
        return report
    }
}

struct Violations: Error, CustomStringConvertible {
    let description: String
}

extension RequestSource {
    static func prompt(_ tokens: Int, output: Int = 1) -> RequestSource {
        RequestSource(promptTokens: tokens...tokens, outputTokens: output...output)
    }
}

extension FlowShop {
    /// The makespan of a prompt in chunks of a fixed size, in nanoseconds.
    func nanoseconds(prompt tokens: Int, chunkSize: Int) -> Double {
        let cuts = Array(stride(from: 0, to: tokens, by: chunkSize)) + [tokens]
        return (makespan(cuts: cuts) * 1e9).rounded()
    }
}

extension SimulationReport {
    var makespanNanoseconds: Double {
        (makespan * 1e9).rounded()
    }
}
