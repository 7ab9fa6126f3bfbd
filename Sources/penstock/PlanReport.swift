import PipelineTypes
import Planning

/// The rankings as JSON.
struct PlanReport: Encodable {
    private let model: String
    private let hardware: String
    private let devices: Int
    /// Computation takes so many times what the profile says.
    private let calibrationScale: Double?
    private let rankings: [RankingReport]

    init(_ planner: Planner, _ rankings: [Ranking]) {
        let request = planner.request
        model = request.model.name
        hardware = request.hardware.name
        devices = request.deviceCount
        calibrationScale = request.calibration == nil ? nil : planner.derivation.scale
        self.rankings = rankings.map { RankingReport($0, request) }
    }
}

private struct RankingReport: Encodable {
    var promptTokens: Int
    var baselineDevices: Int
    var baselineChunkedPrefillSize: Int
    var baselineSeconds: Double
    var plans: [PlanRow]

    init(_ ranking: Ranking, _ request: PlanRequest) {
        promptTokens = ranking.promptLength
        baselineDevices = ranking.baseline.devices
        baselineChunkedPrefillSize = ranking.baseline.chunkSize
        baselineSeconds = ranking.baseline.seconds
        plans = ranking.plans.map { PlanRow($0, request) }
    }
}

private struct PlanRow: Encodable {
    var stages: Int
    var devicesPerStage: Int
    var layerPartition: [Int]
    var policy: String
    /// Of fixed; the first chunk of dynamic.
    var chunkedPrefillSize: Int?
    var smoothingFactor: Double?
    var chunks: Int
    var ttftSeconds: Double
    var ttftSpeedup: Double
    /// Of prompts back to back.
    var tokensPerSecond: Double
    var throughputSpeedup: Double
    var efficiency: Double
    /// Of the fullest device, and of a device of each stage.
    var memoryBytesPerDevice: Double
    var memoryBytesByStage: [Double]
    var fits: Bool
    var tokensThatFit: Double
    var penstock: String
    /// What of that command `serve` refuses today.
    var penstockNotBuilt: [String]
    var sglang: String?

    init(_ plan: Plan, _ request: PlanRequest) {
        stages = plan.layout.stageCount
        devicesPerStage = plan.layout.devicesPerStage
        layerPartition = plan.layout.layerCounts
        policy = plan.policy.name
        switch plan.policy {
        case .automatic, .whole: break
        case .fixed(let tokens): chunkedPrefillSize = tokens
        case .dynamic(let tokens, let factor):
            chunkedPrefillSize = tokens
            smoothingFactor = factor
        }
        chunks = plan.chunkCount
        ttftSeconds = plan.ttft
        ttftSpeedup = plan.ttftSpeedup
        tokensPerSecond = plan.throughput
        throughputSpeedup = plan.throughputSpeedup
        efficiency = plan.efficiency
        memoryBytesPerDevice = plan.memory.bytes
        memoryBytesByStage = plan.memory.bytesByStage
        fits = plan.memory.fits
        tokensThatFit = plan.memory.positionsMax.rounded(.down)
        let command = ServeCommand(plan, of: request)
        penstock = command.penstock
        penstockNotBuilt = command.notBuilt
        sglang = request.hardware.sharing == .tensorParallel ? command.sglang : nil
    }
}
