package import PipelineTypes

/// What a plan is wanted for.
package struct PlanRequest: Hashable, Sendable {
    package var model: ModelShape
    package var hardware: HardwareProfile
    /// GPUs or cores at hand.
    package var deviceCount: Int
    package var calibration: Calibration?
    /// Only pipelines of so many stages; nil tries all.
    package var stageCount: Int?
    /// Only stages of so many devices; nil tries all.
    package var devicesPerStage: Int?
    /// Layers of each stage; nil takes the default partition.
    package var layerCounts: [Int]?
    /// Somebody's own, to be compared with the best.
    package var policies: [ChunkingPolicy]
    package var pageSize: Int
    /// Bounds the memory that a chunk's activations take.
    package var chunkTokensMax: Int
    /// Microbatches in flight beyond one per stage.
    package var asyncBatchDepth: Int
    /// Prompts that follow each other where throughput is meant.
    package var backToBackCount: Int

    package init(
        model: ModelShape, hardware: HardwareProfile, deviceCount: Int,
        calibration: Calibration? = nil, stageCount: Int? = nil, devicesPerStage: Int? = nil,
        layerCounts: [Int]? = nil, policies: [ChunkingPolicy] = [], pageSize: Int = 64,
        chunkTokensMax: Int = 16384, asyncBatchDepth: Int = 0, backToBackCount: Int = 16
    ) {
        self.model = model
        self.hardware = hardware
        self.deviceCount = deviceCount
        self.calibration = calibration
        self.stageCount = stageCount
        self.devicesPerStage = devicesPerStage
        self.layerCounts = layerCounts
        self.policies = policies
        self.pageSize = pageSize
        self.chunkTokensMax = chunkTokensMax
        self.asyncBatchDepth = asyncBatchDepth
        self.backToBackCount = backToBackCount
    }
}

/// Why there is no plan.
package enum PlanError: Error, Hashable, Sendable, CustomStringConvertible {
    case moreStagesThanLayers(stages: Int, layers: Int)
    case moreDevicesThanAtHand(needed: Int, deviceCount: Int)
    case headsDoNotDivide(heads: Int, devices: Int)
    case stageAcrossNodes(devices: Int, devicesPerNode: Int)
    case partition(String)
    case calibration(CalibrationError)

    package var description: String {
        switch self {
        case .moreStagesThanLayers(let stages, let layers):
            "\(stages) stages are more than the model's \(layers) layers"
        case .moreDevicesThanAtHand(let needed, let deviceCount):
            "the pipeline needs \(needed) devices, \(deviceCount) are at hand"
        case .headsDoNotDivide(let heads, let devices):
            "\(devices) devices cannot share a stage evenly: the model has \(heads) attention heads"
        case .stageAcrossNodes(let devices, let devicesPerNode):
            "a stage of \(devices) devices does not fill nodes of \(devicesPerNode) evenly"
        case .partition(let problem): problem
        case .calibration(let error): error.description
        }
    }
}
