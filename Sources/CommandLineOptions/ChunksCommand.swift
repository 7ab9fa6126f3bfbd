import ArgumentParser
import PipelineTypes

/// `penstock chunks`.
struct ChunksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chunks",
        abstract: "Cut a prompt into chunks by a cost model, and say how long that takes.",
        discussion: """
            A stage takes c + b·C + a·C·(2H + C) milliseconds for a chunk of C tokens after H \
            others.
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
    var fixed: Double

    @Option(
        name: .customLong("linear-ms"),
        help: .init("b: milliseconds per token.", valueName: "ms"),
        transform: Checked.number(above: 0, below: 1e6))
    var linear: Double

    @Option(
        name: .customLong("attention-ms"),
        help: .init("a: milliseconds per half a pair of positions.", valueName: "ms"),
        transform: Checked.number(from: 0, below: 1e3))
    var attention: Double

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
        help: .init("Tokens of the longest chunk (default: no bound).", valueName: "tokens"),
        transform: Checked.integer(64...(1 << 27)))
    var chunkTokensMax = 1 << 27

    @Option(
        name: .customLong("context-length"),
        help: .init("Bounds the chunks of dynamic (default: no bound).", valueName: "tokens"),
        transform: Checked.integer(1...(1 << 28)))
    var contextLength = 1 << 28

    @Flag(name: .customLong("json"), help: "Print JSON, every chunk.")
    var json = false

    func options() throws(UsageError) -> ChunksOptions {
        guard cachedPrefix < promptLength, cachedPrefix % pageSize == 0 else {
            throw UsageError(
                "--cached-prefix \(cachedPrefix) must be whole pages of \(pageSize) tokens"
                    + " and less than the prompt's \(promptLength)")
        }
        if let slowdowns, slowdowns.count != stageCount {
            throw UsageError(
                "--stage-slowdowns has \(slowdowns.count) entries, the pipeline has"
                    + " \(stageCount) stages")
        }
        guard chunkSize % pageSize == 0 || policy == .auto else {
            throw UsageError(
                "--chunked-prefill-size \(chunkSize) is no multiple of the page size \(pageSize)")
        }
        guard chunkTokensMax >= pageSize else {
            throw UsageError("--max-prefill-tokens \(chunkTokensMax) is less than a page")
        }
        return ChunksOptions(
            policy: policy, positions: cachedPrefix..<promptLength, fixed: fixed * 1e-3,
            linear: linear * 1e-3, attention: attention * 1e-3,
            slowdowns: slowdowns ?? [Double](repeating: 1, count: stageCount),
            pageSize: pageSize, chunkSize: chunkSize, smoothingFactor: smoothingFactor,
            chunkTokensMax: chunkTokensMax, contextLength: contextLength, json: json)
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
    /// Seconds per chunk, per token, and per pair.
    package var fixed: Double
    package var linear: Double
    package var attention: Double
    /// By how much each stage's cost is multiplied.
    package var slowdowns: [Double]
    package var pageSize: Int
    package var chunkSize: Int
    package var smoothingFactor: Double
    package var chunkTokensMax: Int
    package var contextLength: Int
    package var json: Bool
}
