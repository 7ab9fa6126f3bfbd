import ArgumentParser
import PipelineTypes

/// `penstock chunks`.
struct ChunksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chunks",
        abstract: "Cut a prompt into chunks by a cost model, and say how long that takes.",
        discussion: """
            A stage takes c + e·H + b·C + a·C·(2H + C) milliseconds for a chunk of C tokens \
            after H others. Give c, b, a and perhaps e, or a model and a machine from which they \
            follow (profiles/README.md).
            """)

    @Option(
        name: .customLong("policy"), help: "auto (the default), fixed or dynamic.",
        transform: Checked.choice())
    var policy = ChunkPolicyName.auto

    @Option(
        name: .customLong("prompt-length"),
        help: .init("Tokens of the prompt, up to 67108864.", valueName: "tokens"),
        transform: Checked.integer(1...(1 << 26)))
    var promptLength: Int

    @Option(
        name: .customLong("cached-prefix"),
        help: .init(
            "Tokens of it that are cached, whole pages (default: 0).", valueName: "tokens"),
        transform: Checked.integer(0...(1 << 26)))
    var cachedPrefix = 0

    @Option(
        name: .customLong("pp-size"),
        help: .init("Stages of the pipeline (default: 1).", valueName: "stages"),
        transform: Checked.integer(1...4096))
    var stageCount = 1

    @Option(
        name: .customLong("stage-slowdowns"),
        help: .init(
            "How many times the cost each stage takes, such as 1,1.5,1 (default: equal stages).",
            valueName: "factors"),
        transform: Checked.numbers(above: 0, below: 1e6))
    var slowdowns: [Double]?

    @Option(
        name: .customLong("fixed-ms"),
        help: .init("c: milliseconds per chunk.", valueName: "ms"),
        transform: Checked.number(from: 0, below: 1e9))
    var fixed: Double?

    @Option(
        name: .customLong("linear-ms"),
        help: .init("b: milliseconds per token.", valueName: "ms"),
        transform: Checked.number(above: 0, below: 1e6))
    var linear: Double?

    @Option(
        name: .customLong("attention-ms"),
        help: .init("a: milliseconds per half a pair of positions.", valueName: "ms"),
        transform: Checked.number(from: 0, below: 1e3))
    var attention: Double?

    @Option(
        name: .customLong("prefix-ms"),
        help: .init(
            "e: milliseconds per chunk and position before it (default: 0).", valueName: "ms"),
        transform: Checked.number(from: 0, below: 1e3))
    var prefix: Double?

    @Option(
        name: .customLong("model"),
        help: .init(
            "A config.json, a folder with one, or a name in profiles/models.", valueName: "model"),
        transform: Checked.nonEmpty)
    var model: String?

    @Option(
        name: .customLong("hardware"),
        help: .init("A YAML file, or a name in profiles/hardware.", valueName: "profile"),
        transform: Checked.nonEmpty)
    var hardware: String?

    @Option(
        name: [.customLong("tp-size"), .customLong("threads")],
        help: .init("Of that machine, devices of each stage (default: 1).", valueName: "devices"),
        transform: Checked.integer(1...4096))
    var devicesPerStage: Int?

    @Option(
        name: .customLong("pp-layer-partition"),
        help: .init(
            "Of that model, layers of each stage (default: even).", valueName: "layers"),
        transform: Checked.layerCounts)
    var layerCounts: [Int]?

    @Option(
        name: .customLong("calibrate"),
        help: .init(
            "As for penstock plan (default: the profile's for this model).",
            valueName: "measurement"),
        transform: Checked.calibration)
    var calibration: CalibrationChoice?

    @Option(
        name: .customLong("page-size"),
        help: .init("Positions of a page (default: 64).", valueName: "tokens"),
        transform: Checked.integer(1...65536))
    var pageSize = 64

    @Option(
        name: .customLong("chunked-prefill-size"),
        help: .init(
            "Chunk size of fixed, first chunk of dynamic (default: 4096).", valueName: "tokens"),
        transform: Checked.integer(1...(1 << 26)))
    var chunkSize = 4096

    @Option(
        name: .customLong("dynamic-chunking-smooth-factor"),
        help: .init("Of dynamic, from 0 to 1 (default: 0.75).", valueName: "factor"),
        transform: Checked.unitInterval)
    var smoothingFactor = 0.75

    @Option(
        name: .customLong("max-prefill-tokens"),
        help: .init(
            "Tokens of the longest chunk, at least a page (default: no bound).",
            valueName: "tokens"),
        transform: Checked.integer(1...(1 << 27)))
    var chunkTokensMax = 1 << 27

    @Option(
        name: .customLong("context-length"),
        help: .init("Bounds the chunks of dynamic (default: no bound).", valueName: "tokens"),
        transform: Checked.integer(1...(1 << 28)))
    var contextLength = 1 << 28

    @Flag(name: .customLong("json"), help: "Print JSON, every chunk.")
    var json = false

    /// Far beyond any use, and cut within seconds.
    private static let chunkCountMax = 1 << 20
    /// Of chunks, times stages; fewer where schedules of other policies are found first.
    private static let stepsMax = (ofCoefficients: 1 << 28, ofProfile: 1 << 25)

    func options() throws(UsageError) -> ChunksOptions {
        guard cachedPrefix < promptLength, cachedPrefix % pageSize == 0 else {
            throw UsageError(
                "--cached-prefix \(cachedPrefix) must be whole pages of \(pageSize) tokens"
                    + " and less than the prompt's \(promptLength)")
        }
        guard chunkSize % pageSize == 0 || policy == .auto else {
            throw UsageError(
                "--chunked-prefill-size \(chunkSize) is no multiple of the page size \(pageSize)")
        }
        guard chunkTokensMax >= pageSize else {
            throw UsageError(
                "--max-prefill-tokens \(chunkTokensMax) is less than a page of \(pageSize) tokens")
        }
        guard contextLength >= promptLength else {
            throw UsageError(
                "--prompt-length \(promptLength) is more than --context-length \(contextLength)")
        }
        try checkChunkCount()
        return ChunksOptions(
            policy: policy, positions: cachedPrefix..<promptLength, cost: try cost(),
            pageSize: pageSize, chunkSize: chunkSize, smoothingFactor: smoothingFactor,
            chunkTokensMax: chunkTokensMax, contextLength: contextLength, json: json)
    }

    /// Refuses settings that ask for more chunks than can be followed through the stages.
    private func checkChunkCount() throws(UsageError) {
        let shortest =
            switch policy {
            case .auto: chunkTokensMax
            case .fixed: min(chunkSize, chunkTokensMax)
            // Later chunks are a quarter of the first one at least, and whole pages.
            case .dynamic: min(max(chunkSize / 4, pageSize), chunkTokensMax)
            }
        let length = promptLength - cachedPrefix
        let stepsMax = model == nil ? Self.stepsMax.ofCoefficients : Self.stepsMax.ofProfile
        let most = min(Self.chunkCountMax, stepsMax / stageCount)
        guard length / shortest <= most else {
            throw UsageError(
                "\(length) tokens in chunks of \(shortest) are more than \(most) chunks")
        }
    }

    private func cost() throws(UsageError) -> ChunkCostSource {
        let ofProfile = [
            ("--model", model != nil), ("--hardware", hardware != nil),
            ("--tp-size", devicesPerStage != nil), ("--pp-layer-partition", layerCounts != nil),
            ("--calibrate", calibration != nil),
        ]
        let coefficients = [
            ("--fixed-ms", fixed != nil), ("--linear-ms", linear != nil),
            ("--attention-ms", attention != nil), ("--prefix-ms", prefix != nil),
            ("--stage-slowdowns", slowdowns != nil),
        ]
        guard let given = ofProfile.first(where: \.1) else { return try coefficientCost() }
        if let other = coefficients.first(where: \.1) {
            throw UsageError("\(other.0) and \(given.0) do not go together")
        }
        guard let model, let hardware else {
            throw UsageError("\(given.0) needs \(model == nil ? "--model" : "--hardware"), too")
        }
        if let layerCounts { try checkEntryCount(layerCounts.count, of: "--pp-layer-partition") }
        return .profile(
            model: model, hardware: hardware, stageCount: stageCount,
            devicesPerStage: devicesPerStage ?? 1, layerCounts: layerCounts,
            calibration: calibration ?? .profile)
    }

    private func coefficientCost() throws(UsageError) -> ChunkCostSource {
        guard let fixed, let linear, let attention else {
            throw UsageError(
                "the cost is missing: --fixed-ms, --linear-ms and --attention-ms,"
                    + " or --model and --hardware")
        }
        if let slowdowns { try checkEntryCount(slowdowns.count, of: "--stage-slowdowns") }
        return .coefficients(
            fixed: fixed * 1e-3, linear: linear * 1e-3, attention: attention * 1e-3,
            prefix: (prefix ?? 0) * 1e-3,
            slowdowns: slowdowns ?? [Double](repeating: 1, count: stageCount))
    }

    private func checkEntryCount(_ count: Int, of flag: String) throws(UsageError) {
        guard count == stageCount else {
            throw UsageError(
                "\(flag) has \(count) entries, the pipeline has \(stageCount) stages")
        }
    }
}

/// Who decides where prompts are cut.
package enum ChunkPolicyName: String, CaseIterable, Sendable {
    case auto, fixed, dynamic
}

/// What `penstock chunks` is to cut.
package struct ChunksOptions: Hashable, Sendable {
    package var policy: ChunkPolicyName
    /// Those that are not cached.
    package var positions: Range<Int>
    package var cost: ChunkCostSource
    package var pageSize: Int
    package var chunkSize: Int
    package var smoothingFactor: Double
    package var chunkTokensMax: Int
    package var contextLength: Int
    package var json: Bool
}

/// Where the stages' costs come from.
package enum ChunkCostSource: Hashable, Sendable {
    /// Seconds per chunk, per token, per half a pair, and per chunk and position before it; by how
    /// much each stage's are multiplied.
    case coefficients(
        fixed: Double, linear: Double, attention: Double, prefix: Double, slowdowns: [Double])
    /// From a model's operations and bytes on a machine; nil divides the layers evenly.
    case profile(
        model: String, hardware: String, stageCount: Int, devicesPerStage: Int,
        layerCounts: [Int]?, calibration: CalibrationChoice)
}
