import CommandLineOptions
import PipelineTypes
import Planning

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

    private func makePlanner() throws(UsageError) -> Planner {
        let target = ModelOnMachine(
            model: options.model, hardware: options.hardware, calibration: options.calibration)
        return try target.planner { request in
            request.deviceCount = options.deviceCount ?? request.deviceCount
            request.stageCount = options.stageCount
            request.devicesPerStage = options.devicesPerStage
            request.layerCounts = options.layerCounts
            request.chunkTokensMax = options.chunkTokensMax
            request.asyncBatchDepth = options.asyncBatchDepth
            if let tokens = options.chunkSize {
                request.policies = [
                    options.smoothingFactor.map { .dynamic(tokens: tokens, smoothingFactor: $0) }
                        ?? .fixed(tokens: tokens)
                ]
            }
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
