package import PipelineTypes
package import StageProtocol

/// What a stage computes with: its layers, their weights and their KV pages.
package protocol StageBackend {
    /// Numbers in one row of activations.
    var hiddenSize: Int { get }

    /// What the backend keeps in memory.
    var memory: StageMemory { get }

    /// What the compute threads did in the last microbatch.
    var computeTimes: ComputeTimes { get }

    /// Computes this stage's layers for a microbatch.
    ///
    /// - Parameters:
    ///   - input: Rows of the stage before, row-major, `tokenCount` × `hiddenSize`; empty on the
    ///     first stage.
    ///   - output: Where this stage's rows go, of the same shape; empty on the last stage. Its
    ///     content is arbitrary before.
    ///   - progress: Moves messages that are under way. Call it from the calling thread, every few
    ///     milliseconds where that is possible: messages wait as long.
    /// - Returns: One result for each chunk on the last stage; on others the value is not used.
    mutating func forward(
        _ microbatch: Microbatch, input: Span<Float>, output: inout MutableSpan<Float>,
        progress: () -> Void
    ) throws(StageFault) -> [ChunkResult]
}

/// Why a stage cannot load or compute, in one line for the operator.
package struct StageFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
