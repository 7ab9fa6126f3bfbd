import CommandLineOptions
import Foundation
import PipelineTypes
import Planning
import Profiles

/// `penstock plan`: what pipelines of a machine would do, by operations and bytes alone.
struct PlanRun {
    private let options: PlanOptions

    init(_ options: PlanOptions) {
        self.options = options
    }

    func run() throws {
        let planner = try makePlanner()
        let lengths =
            options.promptLengths
            ?? [min(Self.promptLengthMax, planner.request.model.contextLength)]
        let rankings = lengths.map { Ranking(planner, promptLength: $0) }
        let report = PlanReport(planner, rankings)
        if options.json {
            try Console.printJSON(report)
        } else {
            try Console.print(PlanText(planner, rowCount: options.rowCount).text(rankings))
        }
    }

    /// Without a prompt length of the user's own.
    private static let promptLengthMax = 131_072

    /// Everything that can be wrong with files or flags is a usage error.
    private func makePlanner() throws(UsageError) -> Planner {
        do {
            let files = ProfileFiles()
            let model = try files.model(options.model)
            let hardware = try files.hardware(options.hardware)
            return try Planner(request(model, hardware))
        } catch {
            throw UsageError("\(error)")
        }
    }

    private func request(_ model: ModelShape, _ hardware: HardwareProfile) -> PlanRequest {
        var policies: [ChunkingPolicy] = []
        if let tokens = options.chunkSize {
            policies = [
                options.smoothingFactor.map { .dynamic(tokens: tokens, smoothingFactor: $0) }
                    ?? .fixed(tokens: tokens)
            ]
        }
        return PlanRequest(
            model: model, hardware: hardware,
            deviceCount: options.deviceCount ?? hardware.devicesPerNode,
            calibration: calibration(model, hardware), stageCount: options.stageCount,
            devicesPerStage: options.devicesPerStage, layerCounts: options.layerCounts,
            policies: policies, chunkTokensMax: options.chunkTokensMax,
            asyncBatchDepth: options.asyncBatchDepth)
    }

    private func calibration(_ model: ModelShape, _ hardware: HardwareProfile) -> Calibration? {
        switch options.calibration {
        case .none: nil
        case .profile: hardware.calibrations.first { $0.model == model.name }
        case .measured(let promptLength, let seconds, let devices, let chunkSize):
            Calibration(
                model: model.name, devices: devices, promptLength: promptLength,
                seconds: seconds, chunkSize: chunkSize ?? Calibration.chunkSizeDefault)
        }
    }
}

/// The plans for prompts of one length.
struct Ranking {
    let promptLength: Int
    let baseline: Baseline
    /// The best first.
    let plans: [Plan]

    init(_ planner: Planner, promptLength: Int) {
        self.promptLength = promptLength
        baseline = planner.baseline(promptLength: promptLength)
        plans = planner.plans(promptLength: promptLength)
    }

    /// The fastest that fits and that SGLang has the policy of.
    var bestForSGLang: Plan? {
        plans.first { $0.policy != .automatic && $0.memory.fits }
    }

    /// The fastest that fits.
    var best: Plan? {
        plans.first { $0.memory.fits }
    }
}
