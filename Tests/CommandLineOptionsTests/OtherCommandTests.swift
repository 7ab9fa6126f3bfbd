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
                    InspectOptions(
                        modelPath: "m", stageCount: 1, layerCounts: nil, kvCache: .automatic,
                        json: false)))
        #expect(
            try read(
                ["inspect", "--pp-size", "2", "m", "--json"],
                environment: ["SGLANG_PP_LAYER_PARTITION": "1,2"]
            ).invocation
                == .inspect(
                    InspectOptions(
                        modelPath: "m", stageCount: 2, layerCounts: [1, 2], kvCache: .automatic,
                        json: true)))
    }

    @Test("bench prefill measures every combination that it is asked for")
    func benchPrefill() throws {
        #expect(
            try read(["bench", "prefill", "m"]).invocation
                == .benchPrefill(
                    BenchPrefillOptions(
                        bench: benchDefaults, promptLengths: [512, 2048, 8192],
                        chunkSizes: [.automatic], requestCount: 1)))
        #expect(
            try read([
                "bench", "prefill", "m", "--prompt-lengths", "512,1024", "--threads", "2",
                "--pp-sizes", "1,2", "--chunk-sizes", "auto,off,512", "--repetitions", "5",
                "--dtype", "float32", "--isa", "avx512", "--kv-cache-dtype", "int8",
                "--quantization", "w8a8_int8", "--requests", "8", "--json",
            ]).invocation
                == .benchPrefill(
                    BenchPrefillOptions(
                        bench: BenchOptions(
                            modelPath: "m", stageCounts: [1, 2], threads: 2, repetitions: 5,
                            type: .float32, instructionSet: .avx512, kvCache: .int8,
                            quantization: .w8a8Int8, json: true),
                        promptLengths: [512, 1024],
                        chunkSizes: [.automatic, .whole, .fixed(tokens: 512)], requestCount: 8)))
    }

    @Test("bench decode measures every combination that it is asked for")
    func benchDecode() throws {
        #expect(
            try read(["bench", "decode", "m"]).invocation
                == .benchDecode(
                    BenchDecodeOptions(
                        bench: benchDefaults, depths: [0, 8192], batchSizes: [1, 8],
                        newTokens: 64)))
        #expect(
            try read(
                [
                    "bench", "decode", "--depths", "0,100,8192", "--batch-sizes", "1,4",
                    "--new-tokens", "16", "m", "--pp-size", "2", "--threads", "1",
                    "--repetitions", "1", "--dtype", "float32", "--json",
                ], environment: ["PENSTOCK_ISA": "avx2"]
            ).invocation
                == .benchDecode(
                    BenchDecodeOptions(
                        bench: BenchOptions(
                            modelPath: "m", stageCounts: [2], threads: 1, repetitions: 1,
                            type: .float32, instructionSet: .avx2, kvCache: .automatic, json: true),
                        depths: [0, 100, 8192], batchSizes: [1, 4], newTokens: 16)))
    }

    @Test("bench kernels needs no model, and takes its time")
    func benchKernels() throws {
        var options = BenchKernelsOptions(
            modelPath: nil, seconds: 0.25, isTiny: false, threads: nil, type: .bfloat16,
            instructionSet: nil, kvCache: .automatic, json: false)
        #expect(try read(["bench", "kernels"]).invocation == .benchKernels(options))
        options.isTiny = true
        options.seconds = 0.01
        #expect(try read(["bench", "kernels", "--tiny"]).invocation == .benchKernels(options))
        #expect(
            try read([
                "bench", "kernels", "m", "--threads", "2", "--seconds", "1.5", "--isa", "avx2",
                "--dtype", "float32", "--kv-cache-dtype", "int8", "--tiny", "--json",
            ]).invocation
                == .benchKernels(
                    BenchKernelsOptions(
                        modelPath: "m", seconds: 1.5, isTiny: true, threads: 2, type: .float32,
                        instructionSet: .avx2, kvCache: .int8, json: true)))
    }

    @Test("bench accuracy takes the settings in question, and a text")
    func benchAccuracy() throws {
        var bench = benchDefaults
        bench.repetitions = 1
        #expect(
            try read(["bench", "accuracy", "m"]).invocation
                == .benchAccuracy(
                    BenchAccuracyOptions(bench: bench, textPath: nil, tokensMax: 4096)))
        #expect(bench.withDefaultArithmetic == bench && bench.arithmeticFlags.isEmpty)
        let standard = bench
        bench.type = .float32
        bench.kvCache = .int8
        bench.instructionSet = .avx2
        bench.quantization = .w8a8Int8
        #expect(
            try read(
                [
                    "bench", "accuracy", "m", "--dtype", "float32", "--kv-cache-dtype", "int8",
                    "--text", "a.txt", "--tokens", "100", "--quantization", "w8a8_int8",
                ], environment: ["PENSTOCK_ISA": "avx2"]
            ).invocation
                == .benchAccuracy(
                    BenchAccuracyOptions(bench: bench, textPath: "a.txt", tokensMax: 100)))
        #expect(bench.withDefaultArithmetic == standard)
        #expect(
            bench.arithmeticFlags == [
                "--dtype float32", "--isa avx2", "--kv-cache-dtype int8",
                "--quantization w8a8_int8",
            ])
        #expect(refusal(["bench", "accuracy", "m", "--tokens", "1"]) != nil)
    }

    private let benchDefaults = BenchOptions(
        modelPath: "m", stageCounts: [1], threads: nil, repetitions: 3, type: .bfloat16,
        instructionSet: nil, kvCache: .automatic, json: false)

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
            (["bench"], "decode"), (["bench", "decode", "--help"], "--batch-sizes"),
            (["bench"], "kernels"), (["bench", "kernels", "--help"], "--seconds"),
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
