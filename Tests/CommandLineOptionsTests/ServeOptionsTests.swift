import PipelineTypes
import Testing

@testable import CommandLineOptions

@Suite("penstock serve: options")
struct ServeOptionsTests {
    @Test("without flags, the defaults of the interface hold")
    func withoutFlagsTheDefaultsHold() throws {
        let options = try serve()
        #expect(
            options.model
                == ModelOptions(
                    path: "m.gguf", servedName: "m", contextLength: nil, mayExceedContext: false,
                    skipTokenizerInit: false))
        #expect(options.server.host == "127.0.0.1")
        #expect(options.server.port == 30000)
        #expect(options.server.apiKey == nil)
        #expect(options.server.streamInterval == 1)
        #expect(options.server.watchdogTimeoutSeconds == 300)
        #expect(!options.server.allowsAutoTruncate)
        #expect(!options.server.skipWarmup)
        #expect(
            options.pipeline
                == PipelineOptions(
                    stageCount: 1, layerCounts: nil, asyncBatchDepth: nil, activationType: .float32)
        )
        #expect(
            options.scheduling
                == SchedulingOptions(
                    chunking: .automatic, prefillTokensMax: 16384,
                    runningRequestsMax: nil, queuedRequestsMax: nil, microbatchRequestsMax: nil))
        #expect(
            options.memory
                == MemoryOptions(
                    staticFraction: nil, totalTokensMax: nil, prefixCacheEnabled: true))
        #expect(
            options.compute
                == ComputeOptions(
                    type: .bfloat16, threads: nil, instructionSet: nil, kvCache: .automatic))
        #expect(
            options.logging
                == LoggingOptions(
                    level: .info, logsRequests: false, tracePath: nil, profileDirectory: "/tmp"))
    }

    @Test("every flag that works sets its field")
    func everyFlagThatWorksSetsItsField() throws {
        let options = try serve(
            "--served-model-name", "tiny", "--context-length", "4096", "--skip-tokenizer-init",
            "--host", "0.0.0.0", "--port", "0", "--api-key", "k=1", "--stream-interval", "4",
            "--allow-auto-truncate", "--skip-server-warmup", "--watchdog-timeout", "1.5",
            "--pp-size", "3", "--pp-layer-partition", "10, 9,11", "--pp-async-batch-depth", "2",
            "--pp-max-micro-batch-size", "8", "--pp-activation-dtype", "bfloat16",
            "--pp-hosts", "a-1.example,10.0.0.2",
            "--chunked-prefill-size", "4096", "--max-prefill-tokens", "8192",
            "--max-running-requests", "16", "--max-queued-requests", "64",
            "--mem-fraction-static", "0.8", "--max-total-tokens", "100000",
            "--disable-radix-cache", "--dtype", "float32", "--kv-cache-dtype", "int8",
            "--threads", "2", "--isa", "avx2",
            "--log-level", "debug", "--log-requests", "--trace", "run.json")
        #expect(
            options
                == ServeOptions(
                    model: ModelOptions(
                        path: "m.gguf", servedName: "tiny", contextLength: 4096,
                        mayExceedContext: false,
                        skipTokenizerInit: true),
                    server: ServerOptions(
                        host: "0.0.0.0", port: 0, apiKey: "k=1", streamInterval: 4,
                        allowsAutoTruncate: true, skipWarmup: true, watchdogTimeoutSeconds: 1.5),
                    pipeline: PipelineOptions(
                        stageCount: 3, layerCounts: [10, 9, 11], asyncBatchDepth: 2,
                        activationType: .bfloat16, hosts: ["a-1.example", "10.0.0.2"]),
                    scheduling: SchedulingOptions(
                        chunking: .fixed(tokens: 4096), prefillTokensMax: 8192,
                        runningRequestsMax: 16, queuedRequestsMax: 64, microbatchRequestsMax: 8),
                    memory: MemoryOptions(
                        staticFraction: 0.8, totalTokensMax: 100000, prefixCacheEnabled: false),
                    compute: ComputeOptions(
                        type: .float32, threads: 2, instructionSet: .avx2, kvCache: .int8),
                    logging: LoggingOptions(
                        level: .debug, logsRequests: true, tracePath: "run.json",
                        profileDirectory: "/tmp")))
    }

    @Test(
        "the model may be named by either flag or by its place",
        arguments: [
            ["--model-path", "m"], ["--model", "m"], ["--model-path=m"], ["m"],
            ["--port", "1", "m"],
            ["--cuda-graph-bs", "1", "2", "m"], ["--trust-remote-code", "m"], ["--", "m"],
        ])
    func theModelMayBeNamedByEitherFlagOrByItsPlace(arguments: [String]) throws {
        guard case .serve(let options) = try read(["serve"] + arguments).invocation else {
            Issue.record("not a serve invocation")
            return
        }
        #expect(options.model.path == "m")
    }

    @Test(
        "the served name comes from the path",
        arguments: [
            ("models/SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M-Instruct.Q4_1"),
            ("/data/Llama-3/", "Llama-3"), ("./", "model"), ("/", "model"), (".gguf", "model"),
            ("a:b.GGUF", "a-b"),
        ])
    func theServedNameComesFromThePath(path: String, name: String) throws {
        guard case .serve(let options) = try read(["serve", path]).invocation else {
            Issue.record("not a serve invocation")
            return
        }
        #expect(options.model.servedName == name)
    }

    @Test(
        "a chunked prefill size is automatic, off, or whole pages",
        arguments: [
            ("auto", ChunkingPolicy.automatic), ("off", .whole), ("-1", .whole), ("0", .whole),
            ("64", .fixed(tokens: 64)), ("12288", .fixed(tokens: 12288)),
        ])
    func chunkedPrefillSize(text: String, size: ChunkingPolicy) throws {
        #expect(try serve("--chunked-prefill-size", text).scheduling.chunking == size)
    }

    @Test("dynamic chunking takes its factor from a flag, then from the environment")
    func dynamicChunking() throws {
        let dynamic = ["--enable-dynamic-chunking", "--chunked-prefill-size", "12288"]
        #expect(
            try serve("--enable-dynamic-chunking").scheduling.chunking
                == .dynamic(tokens: 2048, smoothingFactor: 0.75))
        let environment = [
            "SGLANG_DYNAMIC_CHUNKING_SMOOTH_FACTOR": "0.65",
            "PENSTOCK_DYNAMIC_CHUNKING_SMOOTH_FACTOR": "0.8",
        ]
        func chunking(_ arguments: [String], _ environment: [String: String]) throws
            -> ChunkingPolicy?
        {
            guard
                case .serve(let options) = try read(
                    ["serve", "m"] + arguments, environment: environment
                ).invocation
            else { return nil }
            return options.scheduling.chunking
        }
        #expect(
            try chunking(dynamic, environment) == .dynamic(tokens: 12288, smoothingFactor: 0.8))
        #expect(
            try chunking(dynamic + ["--dynamic-chunking-smooth-factor", "0"], environment)
                == .dynamic(tokens: 12288, smoothingFactor: 0))
        #expect(try chunking([], environment) == .automatic)
        #expect(
            refusal(["serve", "m", "--enable-dynamic-chunking", "--chunked-prefill-size", "-1"])
                != nil)
    }

    @Test("a flag given twice counts as given last, in any of its spellings")
    func aFlagGivenTwiceCountsAsGivenLast() throws {
        #expect(try serve("--port", "1", "--port=2").server.port == 2)
        #expect(
            try serve("--pp-size", "2", "--pipeline-parallel-size", "4").pipeline.stageCount == 4)
        #expect(refusal(["serve", "m", "--tp", "8", "--tp-size", "1"]) == nil)
    }

    @Test("linear layers are rounded where that is asked for, by the one method there is")
    func quantization() throws {
        #expect(try serve().compute.quantization == nil)
        #expect(try serve("--quantization", "w8a8_int8").compute.quantization == .w8a8Int8)
        for method in ["fp8", "awq", "w8a8_fp8", "W8A8_INT8"] {
            let message = try #require(refusal(["serve", "m", "--quantization", method]))
            #expect(message.contains("it must be w8a8_int8"), "\(message)")
        }
    }

    @Test("the KV cache's type has SGLang's names, and int8")
    func kvCacheType() throws {
        #expect(try serve("--kv-cache-dtype", "auto").compute.kvCache == .automatic)
        #expect(try serve("--kv-cache-dtype", "bf16").compute.kvCache == .bfloat16)
        #expect(try serve("--kv-cache-dtype", "bfloat16").compute.kvCache == .bfloat16)
        #expect(try serve("--kv-cache-dtype", "int8").compute.kvCache == .int8)
    }

    @Test("dtype auto means bfloat16")
    func dtypeAutoMeansBfloat16() throws {
        #expect(try serve("--dtype", "auto").compute.type == .bfloat16)
        #expect(try serve("--dtype", "bfloat16").compute.type == .bfloat16)
    }
}

@Suite("penstock serve: environment")
struct ServeEnvironmentTests {
    @Test("of a flag, PENSTOCK_ and SGLANG_ variables the first one wins")
    func theFirstSpellingWins() throws {
        let both = [
            "PENSTOCK_PP_LAYER_PARTITION": "1,2", "SGLANG_PP_LAYER_PARTITION": "3,4",
        ]
        let sglang = ["SGLANG_PP_LAYER_PARTITION": "3,4", "PENSTOCK_PP_LAYER_PARTITION": ""]
        #expect(
            try serve("--pp-size", "2", "--pp-layer-partition", "5,6", environment: both)
                .pipeline.layerCounts == [5, 6])
        #expect(try serve("--pp-size", "2", environment: both).pipeline.layerCounts == [1, 2])
        #expect(try serve("--pp-size", "2", environment: sglang).pipeline.layerCounts == [3, 4])
    }

    @Test("the instruction set comes from PENSTOCK_ISA unless a flag names it")
    func theInstructionSet() throws {
        let environment = ["PENSTOCK_ISA": "scalar"]
        #expect(try serve(environment: environment).compute.instructionSet == .scalar)
        #expect(
            try serve("--isa", "avx512_bf16", environment: environment).compute.instructionSet
                == .avx512BF16)
    }

    @Test("profiles go where the variables say, PENSTOCK_ before SGLANG_")
    func theProfileDirectory() throws {
        let sglang = ["SGLANG_TORCH_PROFILER_DIR": "/a", "PENSTOCK_PROFILER_DIR": ""]
        let both = ["SGLANG_TORCH_PROFILER_DIR": "/a", "PENSTOCK_PROFILER_DIR": "/b"]
        #expect(try serve(environment: sglang).logging.profileDirectory == "/a")
        #expect(try serve(environment: both).logging.profileDirectory == "/b")
    }

    @Test("the model's context is exceeded only where a flag or a variable says so")
    func longerContext() throws {
        let variable = "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN"
        #expect(try !serve().model.mayExceedContext)
        #expect(try serve("--allow-overwrite-longer-context-len").model.mayExceedContext)
        #expect(try serve(environment: [variable: "1"]).model.mayExceedContext)
        #expect(try serve(environment: [variable: "True"]).model.mayExceedContext)
        #expect(try !serve(environment: [variable: "false"]).model.mayExceedContext)
    }

    @Test(
        "a variable with a bad value is refused by its name",
        arguments: [
            ("SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN", "perhaps"),
            ("SGLANG_PP_LAYER_PARTITION", "a,b"), ("SGLANG_PP_LAYER_PARTITION", "15,,15"),
            ("SGLANG_PP_LAYER_PARTITION", "15"), ("PENSTOCK_PP_LAYER_PARTITION", "0,30"),
            ("PENSTOCK_PP_LAYER_PARTITION", "1,99999999999999999999"),
            ("PENSTOCK_ISA", "sse"),
            ("SGLANG_DYNAMIC_CHUNKING_SMOOTH_FACTOR", "1.5"),
            ("SGLANG_DYNAMIC_CHUNKING_SMOOTH_FACTOR", "nan"),
            ("PENSTOCK_DYNAMIC_CHUNKING_SMOOTH_FACTOR", "-0.1"),
        ])
    func aVariableWithABadValueIsRefused(name: String, value: String) throws {
        let message = try #require(
            refusal(["serve", "m", "--pp-size", "2"], environment: [name: value]))
        #expect(message.contains(name))
    }
}
