import ArgumentParser

/// `penstock plan`.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Rank pipeline sizes and chunk policies for a model on a machine.",
        discussion: """
            Predicts times from operations and bytes, without the machine. profiles/README.md says \
            how, and how to write a profile.
            """)

    @Option(
        name: .customLong("model"),
        help: .init(
            "A config.json, a folder with one, or a name in profiles/models.", valueName: "model"),
        transform: Checked.nonEmpty)
    var model: String

    @Option(
        name: .customLong("hardware"),
        help: .init("A YAML file, or a name in profiles/hardware.", valueName: "profile"),
        transform: Checked.nonEmpty)
    var hardware: String

    @Option(
        name: .customLong("prompt-lengths"),
        help: .init(
            "Tokens of each prompt (default: the model's context, at most 131072).",
            valueName: "list"),
        transform: Checked.integers(1...(1 << 26)))
    var promptLengths: [Int]?

    @Option(
        name: .customLong("devices"),
        help: .init("GPUs or cores at hand (default: those of one node).", valueName: "count"),
        transform: Checked.integer(1...4096))
    var deviceCount: Int?

    @Option(
        name: .customLong("pp-size"),
        help: .init("Only pipelines of so many stages (default: any).", valueName: "stages"),
        transform: Checked.integer(1...4096))
    var stageCount: Int?

    @Option(
        name: [.customLong("tp-size"), .customLong("threads")],
        help: .init("Only stages of so many devices (default: any).", valueName: "devices"),
        transform: Checked.integer(1...4096))
    var devicesPerStage: Int?

    @Option(
        name: .customLong("pp-layer-partition"),
        help: .init(
            "Layers of each stage, such as 15,15,15,16 (default: even).", valueName: "layers"),
        transform: Checked.layerCounts)
    var layerCounts: [Int]?

    @Option(
        name: .customLong("calibrate"),
        help: .init(
            """
            A TTFT that was measured on one stage, as LENGTH:SECONDS@DEVICES or \
            LENGTH:SECONDS@DEVICES/CHUNK, or none (default: the profile's for this model).
            """,
            valueName: "measurement"),
        transform: Checked.calibration)
    var calibration: CalibrationChoice = .profile

    @Option(
        name: .customLong("chunked-prefill-size"),
        help: .init("Compare this chunk size, too: fixed, or dynamic.", valueName: "tokens"),
        transform: Checked.integer(64...(1 << 26)))
    var chunkSize: Int?

    @Option(
        name: .customLong("dynamic-chunking-smooth-factor"),
        help: .init("Makes that chunk size dynamic's first, from 0 to 1.", valueName: "factor"),
        transform: Checked.unitInterval)
    var smoothingFactor: Double?

    @Option(
        name: .customLong("max-prefill-tokens"),
        help: .init("Tokens of the longest chunk (default: 16384).", valueName: "tokens"),
        transform: Checked.integer(64...(1 << 26)))
    var chunkTokensMax = 16384

    @Option(
        name: .customLong("pp-async-batch-depth"),
        help: .init(
            "Microbatches in flight beyond one per stage (default: 1).", valueName: "count"),
        transform: Checked.integer(0...256))
    var asyncBatchDepth = 1

    @Option(
        name: .customLong("rows"),
        help: .init("Rows of each table (default: 12).", valueName: "count"),
        transform: Checked.integer(1...100_000))
    var rowCount = 12

    @Flag(name: .customLong("json"), help: "Print JSON, every row.")
    var json = false

    /// Far beyond any use, and planned within seconds.
    private static let chunkCountMax = 16384

    func options() throws(UsageError) -> PlanOptions {
        if smoothingFactor != nil, chunkSize == nil {
            throw UsageError(
                "--dynamic-chunking-smooth-factor needs --chunked-prefill-size, the first chunk's")
        }
        if let layerCounts {
            guard let stageCount else { throw UsageError("--pp-layer-partition needs --pp-size") }
            guard layerCounts.count == stageCount else {
                throw UsageError(
                    "--pp-layer-partition has \(layerCounts.count) entries, the pipeline has"
                        + " \(stageCount) stages")
            }
        }
        if let chunkSize, !chunkSize.isMultiple(of: 64) {
            throw UsageError("--chunked-prefill-size \(chunkSize) is no multiple of 64")
        }
        let shortest = min(chunkSize ?? chunkTokensMax, chunkTokensMax)
        if let length = promptLengths?.first(where: { $0 / shortest > Self.chunkCountMax }) {
            throw UsageError(
                "a prompt of \(length) tokens in chunks of \(shortest) has more than"
                    + " \(Self.chunkCountMax) chunks")
        }
        return PlanOptions(
            model: model, hardware: hardware, promptLengths: promptLengths,
            deviceCount: deviceCount, stageCount: stageCount, devicesPerStage: devicesPerStage,
            layerCounts: layerCounts, calibration: calibration, chunkSize: chunkSize,
            smoothingFactor: smoothingFactor, chunkTokensMax: chunkTokensMax,
            asyncBatchDepth: asyncBatchDepth, rowCount: rowCount, json: json)
    }
}

/// What `penstock plan` is to rank.
package struct PlanOptions: Hashable, Sendable {
    package var model: String
    package var hardware: String
    /// nil is one prompt as long as the model's context, or 131072 tokens if that is longer.
    package var promptLengths: [Int]?
    /// nil takes those of one node.
    package var deviceCount: Int?
    /// nil tries all.
    package var stageCount: Int?
    package var devicesPerStage: Int?
    /// Layers of each stage; nil divides them evenly.
    package var layerCounts: [Int]?
    package var calibration: CalibrationChoice
    /// Settings to be compared with the best: a fixed size, or with a factor dynamic's first.
    package var chunkSize: Int?
    package var smoothingFactor: Double?
    package var chunkTokensMax: Int
    package var asyncBatchDepth: Int
    package var rowCount: Int
    package var json: Bool
}
