package import PipelineTypes

/// What `penstock inspect` is to print.
package struct InspectOptions: Hashable, Sendable {
    package var modelPath: String
    package var stageCount: Int
    /// Layers of each stage, `stageCount` entries of at least 1; nil divides them evenly.
    package var layerCounts: [Int]?
    package var json: Bool
}

/// What `penstock bench prefill` is to measure: one row for each combination.
package struct BenchPrefillOptions: Hashable, Sendable {
    package var modelPath: String
    package var promptLengths: [Int]
    /// Compute threads of one stage; nil shares the cores out among the stages.
    package var threads: Int?
    package var stageCounts: [Int]
    package var chunkSizes: [ChunkingPolicy]
    package var repetitions: Int
    package var type: ComputeType
    /// nil takes the best that the processor has.
    package var instructionSet: InstructionSet?
    package var json: Bool
}

/// What `penstock trace` is to summarise.
package struct TraceOptions: Hashable, Sendable {
    package var path: String
    /// Where a chart goes; nil draws none.
    package var ganttPath: String?
    package var json: Bool
}
