import PipelineTypes
import SettingsFiles
import Simulation

/// Reads `limits`: what the scheduler may do. What is not said bounds nothing.
struct LimitsReader {
    private let table: SettingsTable?
    private let pipeline: PipelineReader
    private let stageCount: Int

    init(
        _ root: SettingsTable, pipeline: PipelineReader, stageCount: Int
    ) throws(SettingsError) {
        table = try root.table("limits")
        try table?.allow(
            "chunking", "kv-tokens", "context-length", "running-requests", "queued-requests",
            "prefill-tokens", "decode-steps", "prefix-cache")
        self.pipeline = pipeline
        self.stageCount = stageCount
    }

    func limits() throws(SettingsError) -> ServingLimits {
        ServingLimits(
            stageCount: stageCount, asyncBatchDepth: try pipeline.asyncBatchDepth(),
            pageCount: try integer("kv-tokens", Page.size...Self.tokensMax, Self.kvTokens)
                / Page.size,
            contextLength: try integer("context-length", 1...Self.tokensMax, Self.contextLength),
            runningRequestsMax: try integer(
                "running-requests", 1...1 << 20, Self.runningRequestsMax),
            queuedRequestsMax: try table?.integerIfPresent("queued-requests", in: 0...1 << 30),
            chunking: try chunking(),
            prefillTokensMax: try integer(
                "prefill-tokens", Page.size...Self.tokensMax, Self.contextLength),
            microbatchRequestsMax: try table?.integerIfPresent("decode-steps", in: 1...1 << 30),
            prefixCacheEnabled: try table?.flag("prefix-cache", default: true) ?? true)
    }

    private func chunking() throws(SettingsError) -> ChunkingPolicy {
        guard let table, let text = try table.textIfPresent("chunking") else { return .automatic }
        guard let policy = ChunkingPolicy(text) else {
            throw table.error("chunking", "must be \(ChunkingPolicy.grammar)")
        }
        return policy
    }

    private func integer(
        _ key: String, _ limits: ClosedRange<Int>, _ value: Int
    ) throws(SettingsError) -> Int {
        try table?.integer(key, default: value, in: limits) ?? value
    }

    private static let tokensMax = 1 << 30
    private static let kvTokens = 1 << 23
    private static let contextLength = 1 << 23
    /// As `penstock serve` has it.
    private static let runningRequestsMax = 256
}
