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
    /// How much sooner than the baseline's, and how many times its throughput.
    package var ttftSpeedup: Double
    package var throughputSpeedup: Double
    /// Throughput per device as a share of the baseline's. More than one where the baseline's
    /// devices lose more to their all-reduces than the pipeline to bubbles.
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

/// What a layout's devices have to hold.
package struct LayoutMemory: Hashable, Sendable {
    /// Bytes for the weights and the KV cache of one prompt, of a device of each stage.
    package var bytesByStage: [Double]
    package var bytesAllowed: Double
    /// Positions of the KV cache that find room beside the weights.
    package var positionsMax: Double

    /// Of the fullest device.
    package var bytes: Double {
        bytesByStage.max() ?? 0
    }

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
