@testable import ChunkSizing
@testable import PipelineTypes

/// What decisions are measured with: pipelines, and prompts for them.
enum Workloads {
    /// A prompt that shares no page with those of other numbers.
    static func prompt(_ number: Int, tokens: Int) -> [TokenID] {
        (0..<tokens).map { TokenID(($0 * 7919 + number * 104_729) % 49_152) }
    }

    /// One stage's share of a model with 32 layers of 8 billion parameters, on 8 stages.
    static let cost = PrefillCost(fixed: 2e-3, linear: 2e-5, attention: 4e-10, prefix: 1e-8)

    /// Stages that cost the same, or from 4/5 to 6/5 of it.
    static func stages(_ count: Int, areEqual: Bool) -> [PrefillCost] {
        (0..<count).map { stage in
            areEqual ? cost : cost.scaled(by: 0.8 + 0.4 * Double(stage * 5 % count) / Double(count))
        }
    }

    static func limits(stages: Int, chunking: ChunkingPolicy) -> ServingLimits {
        ServingLimits(
            stageCount: stages, asyncBatchDepth: nil, pageCount: 4096, contextLength: 1 << 18,
            runningRequestsMax: 64, queuedRequestsMax: nil, chunking: chunking,
            prefillTokensMax: 1 << 14, microbatchRequestsMax: nil, prefixCacheEnabled: true)
    }
}
