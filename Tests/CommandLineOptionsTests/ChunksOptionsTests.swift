import Testing

@testable import CommandLineOptions

@Suite("penstock chunks")
struct ChunksOptionsTests {
    private static let coefficients = [
        "--fixed-ms", "2", "--linear-ms", "0.5", "--attention-ms", "0.25",
    ]
    private static let profile = ["--model", "m", "--hardware", "h"]

    private static func options(_ more: [String]) throws -> ChunksOptions {
        guard
            case .chunks(let options) = try read(["chunks", "--prompt-length", "4096"] + more)
                .invocation
        else { throw UsageError("not a chunks invocation") }
        return options
    }

    @Test("costs are three or four coefficients, or those of a model on a machine")
    func costs() throws {
        #expect(
            try Self.options(Self.coefficients + ["--pp-size", "2"]).cost
                == .coefficients(
                    fixed: 0.002, linear: 0.0005, attention: 0.00025, prefix: 0,
                    slowdowns: [1, 1]))
        #expect(
            try Self.options(Self.coefficients + ["--prefix-ms", "0.125"]).cost
                == .coefficients(
                    fixed: 0.002, linear: 0.0005, attention: 0.00025, prefix: 0.000125,
                    slowdowns: [1]))
        #expect(
            try Self.options(Self.profile).cost
                == .profile(
                    model: "m", hardware: "h", stageCount: 1, devicesPerStage: 1,
                    layerCounts: nil, calibration: .profile))
        #expect(
            try Self.options(
                Self.profile + [
                    "--pp-size", "2", "--tp-size", "8", "--pp-layer-partition", "3,4",
                    "--calibrate", "none",
                ]
            ).cost
                == .profile(
                    model: "m", hardware: "h", stageCount: 2, devicesPerStage: 8,
                    layerCounts: [3, 4], calibration: .none))
    }

    @Test("the longest chunk may be as short as a page")
    func longestChunk() throws {
        let small = Self.coefficients + ["--page-size", "16", "--max-prefill-tokens"]
        #expect(try Self.options(small + ["16"]).chunkTokensMax == 16)
        #expect(
            throws: UsageError("--max-prefill-tokens 15 is less than a page of 16 tokens")
        ) { try Self.options(small + ["15"]) }
    }

    @Test("no more chunks are asked for than can be followed through the stages")
    func chunkCount() throws {
        let long = ["chunks", "--prompt-length", "67108864", "--page-size", "1"]
        let costs = long + Self.coefficients
        let cases: [([String], String?)] = [
            (costs, nil), (costs + ["--pp-size", "4096"], nil),
            (costs + ["--max-prefill-tokens", "64"], nil),
            (
                costs + ["--max-prefill-tokens", "63"],
                "67108864 tokens in chunks of 63 are more than 1048576 chunks"
            ),
            (
                costs + ["--max-prefill-tokens", "512", "--pp-size", "4096"],
                "67108864 tokens in chunks of 512 are more than 65536 chunks"
            ),
            (
                costs + ["--policy", "fixed", "--chunked-prefill-size", "1"],
                "67108864 tokens in chunks of 1 are more than 1048576 chunks"
            ),
            (
                costs + ["--policy", "dynamic", "--chunked-prefill-size", "252"],
                "67108864 tokens in chunks of 63 are more than 1048576 chunks"
            ),
            (
                long + Self.profile + ["--max-prefill-tokens", "64", "--pp-size", "94"],
                "67108864 tokens in chunks of 64 are more than 356962 chunks"
            ),
        ]
        for (arguments, message) in cases {
            #expect(refusal(arguments) == message)
        }
    }

    @Test(
        "what makes no sense is refused in one line",
        arguments: [
            ([], "--fixed-ms, --linear-ms and --attention-ms, or --model and --hardware"),
            (["--fixed-ms", "1"], "the cost is missing"),
            (["--model", "m"], "--model needs --hardware, too"),
            (["--tp-size", "2", "--hardware", "h"], "--hardware needs --model, too"),
            (profile + ["--linear-ms", "1"], "--linear-ms and --model do not go together"),
            (
                profile + ["--pp-layer-partition", "1,2"],
                "--pp-layer-partition has 2 entries, the pipeline has 1 stages"
            ),
            (
                coefficients + ["--stage-slowdowns", "1,1e300", "--pp-size", "2"],
                "numbers between 0.0 and 1000000.0"
            ),
            (
                coefficients + ["--policy", "dynamic", "--context-length", "100"],
                "--prompt-length 4096 is more than --context-length 100"
            ),
        ])
    func whatMakesNoSense(more: [String], part: String) throws {
        let message = try #require(refusal(["chunks", "--prompt-length", "4096"] + more))
        #expect(message.contains(part), "\(message)")
    }
}
