import PipelineTypes
import Testing

@testable import CommandLineOptions

@Suite("the other commands")
struct OtherCommandTests {
    @Test("a stage needs no options: its coordinator tells it all")
    func aStageNeedsNoOptions() throws {
        #expect(try read(["stage"]).invocation == .stage)
    }

    @Test("inspect takes a model and a pipeline")
    func inspectTakesAModelAndAPipeline() throws {
        #expect(
            try read(["inspect", "m"]).invocation
                == .inspect(
                    InspectOptions(modelPath: "m", stageCount: 1, layerCounts: nil, json: false)))
        #expect(
            try read(
                ["inspect", "--pp-size", "2", "m", "--json"],
                environment: ["SGLANG_PP_LAYER_PARTITION": "1,2"]
            ).invocation
                == .inspect(
                    InspectOptions(modelPath: "m", stageCount: 2, layerCounts: [1, 2], json: true)))
    }

    @Test("bench prefill measures every combination that it is asked for")
    func benchPrefill() throws {
        #expect(
            try read(["bench", "prefill", "m"]).invocation
                == .benchPrefill(
                    BenchPrefillOptions(
                        modelPath: "m", promptLengths: [512, 2048, 8192], threads: nil,
                        stageCounts: [1], chunkSizes: [.automatic], repetitions: 3,
                        type: .bfloat16, instructionSet: nil, json: false)))
        #expect(
            try read([
                "bench", "prefill", "m", "--prompt-lengths", "512,1024", "--threads", "2",
                "--pp-sizes", "1,2", "--chunk-sizes", "auto,off,512", "--repetitions", "5",
                "--dtype", "float32", "--isa", "avx512", "--json",
            ]).invocation
                == .benchPrefill(
                    BenchPrefillOptions(
                        modelPath: "m", promptLengths: [512, 1024], threads: 2,
                        stageCounts: [1, 2], chunkSizes: [.automatic, .whole, .fixed(tokens: 512)],
                        repetitions: 5, type: .float32, instructionSet: .avx512, json: true)))
    }

    @Test("trace takes a file, and may draw it")
    func traceTakesAFile() throws {
        #expect(
            try read(["trace", "run.json"]).invocation
                == .trace(TraceOptions(path: "run.json", ganttPath: nil, json: false)))
        #expect(
            try read(["trace", "--gantt", "run.svg", "run.json", "--json"]).invocation
                == .trace(TraceOptions(path: "run.json", ganttPath: "run.svg", json: true)))
        #expect(refusal(["trace"])?.contains("\n") == false)
    }

    @Test(
        "help and version are printed, not refused",
        arguments: [
            ([], "SUBCOMMANDS"), (["--help"], "serve"), (["--version"], "penstock"),
            (["help", "serve"], "--pp-size"), (["serve", "--help"], "--pp-size"),
            (["serve", "m", "--port", "x", "-h"], "--pp-size"),

            (["bench"], "prefill"), (["bench", "prefill", "--help"], "--prompt-lengths"),
        ])
    func helpAndVersionArePrinted(arguments: [String], part: String) throws {
        guard case .print(let text) = try read(arguments).invocation else {
            Issue.record("nothing to print")
            return
        }
        #expect(text.contains(part))
        #expect(!text.contains("stage  "))
    }

    @Test("the help of serve names every group and every flag without effect")
    func theHelpOfServe() throws {
        guard case .print(let text) = try read(["serve", "--help"]).invocation else {
            Issue.record("nothing to print")
            return
        }
        let groups = [
            "MODEL", "SERVER", "PIPELINE", "SCHEDULING", "MEMORY AND ARITHMETIC", "LOGGING",
        ]
        for group in groups { #expect(text.contains(group)) }
        for flag in ["--cuda-graph-bs", "--tp-size", "--enable-dynamic-chunking", "--isa"] {
            #expect(text.contains(flag))
        }
    }
}
