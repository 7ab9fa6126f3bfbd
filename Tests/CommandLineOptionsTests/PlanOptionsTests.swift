import Testing

@testable import CommandLineOptions

@Suite("penstock plan")
struct PlanOptionsTests {
    private static let minimum = ["plan", "--model", "m", "--hardware", "h"]

    private static func options(_ more: String...) throws -> PlanOptions {
        guard case .plan(let options) = try read(minimum + more).invocation else {
            throw UsageError("not a plan invocation")
        }
        return options
    }

    @Test("a model and a machine are enough")
    func aModelAndAMachineAreEnough() throws {
        #expect(
            try Self.options()
                == PlanOptions(
                    model: "m", hardware: "h", promptLengths: nil, deviceCount: nil,
                    stageCount: nil, devicesPerStage: nil, layerCounts: nil,
                    calibration: .profile, chunkSize: nil, smoothingFactor: nil,
                    chunkTokensMax: 16384, asyncBatchDepth: 1, rowCount: 12, json: false))
    }

    @Test("everything can be chosen")
    func everythingCanBeChosen() throws {
        #expect(
            try Self.options(
                "--prompt-lengths", "8192,131072", "--devices", "32", "--pp-size", "4",
                "--tp-size", "8", "--pp-layer-partition", "15,15,15,16", "--calibrate",
                "131072:48.5@8/4096", "--chunked-prefill-size", "12288",
                "--dynamic-chunking-smooth-factor", "0.65", "--max-prefill-tokens", "8192",
                "--pp-async-batch-depth", "0", "--rows", "3", "--json")
                == PlanOptions(
                    model: "m", hardware: "h", promptLengths: [8192, 131072], deviceCount: 32,
                    stageCount: 4, devicesPerStage: 8, layerCounts: [15, 15, 15, 16],
                    calibration: .measured(
                        promptLength: 131072, seconds: 48.5, devices: 8, chunkSize: 4096),
                    chunkSize: 12288, smoothingFactor: 0.65, chunkTokensMax: 8192,
                    asyncBatchDepth: 0, rowCount: 3, json: true))
    }

    @Test("a measurement is read with and without what may be left out")
    func aMeasurementIsRead() throws {
        #expect(try Self.options("--calibrate", "none").calibration == .none)
        #expect(
            try Self.options("--calibrate", "1024:1e-1@tp8").calibration
                == .measured(promptLength: 1024, seconds: 0.1, devices: 8, chunkSize: nil))
        #expect(try Self.options("--threads", "2").devicesPerStage == 2)
    }

    @Test(
        "what makes no sense is refused in one line",
        arguments: [
            (["--calibrate", "5"], "131072:48.5@8"), (["--calibrate", "1:0@8"], "131072:48.5@8"),
            (["--calibrate", "0:1@8"], "131072"), (["--calibrate", "1:1e999@8"], "131072"),
            (["--calibrate", "1:nan@8"], "131072"), (["--calibrate", "1:1@0"], "131072"),
            (["--calibrate", "99999999999999999999:1@1"], "131072"),
            (["--calibrate", "1:1@8/1"], "chunk size"),
            (["--prompt-lengths", "0"], "--prompt-lengths"),
            (["--prompt-lengths", "1,x"], "--prompt-lengths"),
            (["--prompt-lengths", "999999999999"], "integers from 1 to 67108864"),
            (["--devices", "99999999999999999999"], "--devices"),
            (["--devices", "0"], "--devices"),
            (["--pp-size", "-1"], "--pp-size"), (["--rows", "0"], "--rows"),
            (["--chunked-prefill-size", "100"], "no multiple of 64"),
            (["--dynamic-chunking-smooth-factor", "0.5"], "--chunked-prefill-size"),
            (
                ["--chunked-prefill-size", "64", "--dynamic-chunking-smooth-factor", "2"],
                "from 0 to 1"
            ),
            (["--pp-layer-partition", "1,2"], "needs --pp-size"),
            (["--pp-layer-partition", "1,2", "--pp-size", "3"], "has 2 entries"),
            (["--prompt-lengths", "67108864", "--max-prefill-tokens", "64"], "chunks"),
            (["--modle", "x"], "--modle"),
        ])
    func whatMakesNoSense(more: [String], part: String) throws {
        let message = try #require(refusal(Self.minimum + more))
        #expect(message.contains(part), "\(message)")
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 32 })
    }

    @Test("model and machine are asked for")
    func modelAndMachineAreAskedFor() throws {
        #expect(refusal(["plan", "--model", "m"])?.contains("--hardware") == true)
        #expect(refusal(["plan", "--hardware", "h"])?.contains("--model") == true)
        #expect(refusal(["paln"]) == "unknown command 'paln'; the nearest is 'plan'")
    }
}
