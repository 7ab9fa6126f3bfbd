package import PipelineTypes

/// One way to use the devices for prompts of one length, and what it is predicted to do.
package struct Plan: Hashable, Sendable {
    package var layout: PipelineLayout
    package var policy: ChunkingPolicy
    package var promptLength: Int
    package var chunkCount: Int
    /// Seconds to the first token of a prompt that has the pipeline to itself.
    package var ttft: Double
    /// Prompt tokens per second of prompts that follow each other.
    package var throughput: Double
    /// How many times the TTFT and the throughput of the baseline.
    package var ttftSpeedup: Double
    package var throughputSpeedup: Double
    /// The throughput's speedup, divided by how many times the baseline's devices there are.
    package var efficiency: Double
    package var memory: LayoutMemory
}

extension ChunkingPolicy {
    /// In a word, as flags and tables have it.
    package var name: String {
        switch self {
        case .whole: "whole"
        case .fixed: "fixed"
        case .dynamic: "dynamic"
        case .automatic: "auto"
        }
    }
}

/// How devices form a pipeline.
package struct PipelineLayout: Hashable, Sendable {
    package var devicesPerStage: Int
    package var layerCounts: [Int]

    package var stageCount: Int {
        layerCounts.count
    }

    package var deviceCount: Int {
        stageCount * devicesPerStage
    }
}

/// What the fullest of a layout's devices has to hold.
package struct LayoutMemory: Hashable, Sendable {
    /// Bytes for the weights and the KV cache of one prompt.
    package var bytes: Double
    package var bytesAllowed: Double
    /// Positions of the KV cache that find room beside the weights.
    package var positionsMax: Double

    package var fits: Bool {
        bytes <= bytesAllowed
    }
}

/// One stage, to which pipelines are compared.
package struct Baseline: Hashable, Sendable {
    package var devices: Int
    package var chunkSize: Int
    package var seconds: Double
}
