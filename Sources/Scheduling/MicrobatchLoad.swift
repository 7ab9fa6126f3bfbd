package import ChunkSizing
package import PipelineTypes

/// What a microbatch asks of a stage, as the cost model counts it.
package struct MicrobatchLoad: Hashable, Sendable {
    /// Tokens of all chunks.
    package private(set) var tokens = 0.0
    /// C·(2H + C), summed over all chunks.
    package private(set) var pairs = 0.0
    /// H, summed over all chunks.
    package private(set) var prefixes = 0.0
    /// Tokens of chunks that are no decode steps.
    private(set) var promptTokens = 0
    /// The prefix of the last of those.
    private(set) var promptStart = 0

    package init() {}

    package mutating func add(_ chunk: Chunk) {
        let count = Double(chunk.tokens.count)
        tokens += count
        pairs += count * (2 * Double(chunk.start) + count)
        prefixes += Double(chunk.start)
        guard chunk.tokens.count > 1 else { return }
        promptTokens += chunk.tokens.count
        promptStart = chunk.start
    }
}

extension PrefillCost {
    /// Seconds for a microbatch but for its fixed cost.
    package func work(_ load: MicrobatchLoad) -> Double {
        linear * load.tokens + attention * load.pairs + prefix * load.prefixes
    }
}
