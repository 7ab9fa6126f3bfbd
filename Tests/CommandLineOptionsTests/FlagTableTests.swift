import CommandLineOptions
import PipelineTypes
import Testing

/// Each row of the interface that SGLang's users know.
@Suite("penstock serve: the flags of launch_server")
struct FlagTableTests {
    @Test(
        "flags that work are accepted in silence",
        arguments: [
            "--model-path=m", "--model=m", "--served-model-name=a", "--host=::", "--port=30001",
            "--api-key=a", "--pp-size=2", "--pipeline-parallel-size=2",
            "--pp-async-batch-depth=1", "--pp-max-micro-batch-size=1", "--chunked-prefill-size=64",
            "--max-prefill-tokens=64", "--max-running-requests=1", "--max-queued-requests=1",
            "--max-total-tokens=64", "--mem-fraction-static=0.5", "--context-length=1",
            "--allow-overwrite-longer-context-len",
            "--disable-radix-cache", "--watchdog-timeout=1", "--log-level=warning",
            "--log-requests", "--skip-tokenizer-init", "--dtype=auto", "--kv-cache-dtype=auto",
            "--quantization=w8a8_int8",
            "--stream-interval=1",
            "--allow-auto-truncate", "--skip-server-warmup", "--threads=1",
            "--pp-layer-partition=30", "--isa=scalar",
            "--pp-activation-dtype=float32", "--pp-hosts=a", "--trace=run.json",
        ])
    func flagsThatWorkAreAcceptedInSilence(flag: String) throws {
        let model = flag.hasPrefix("--model") ? [] : ["m"]
        #expect(try read(["serve"] + model + [flag]).notes.isEmpty)
    }

    @Test(
        "flags without meaning here are accepted, and one line says so",
        arguments: [
            ["--attention-backend", "fa3"], ["--nsa-decode-backend", "flashmla_kv"],
            ["--base-gpu-id", "0"], ["--cuda-graph-bs", "1", "2", "4", "8"],
            ["--torch-compile-max-bs", "8"], ["--enable-mixed-chunk"], ["--trust-remote-code"],
            ["--model-loader-extra-config", #"{"enable_multithread_load": true}"#],
            ["--model-loader-extra-config", #"{"a":1}"#], ["--tokenizer-worker-num", "4"],
            ["--collect-tokens-histogram"], ["--dist-init-addr", "10.0.0.1:5000"],
            ["--nccl-init-addr", "host:5000"], ["--num-reserved-decode-tokens", "512"],
            ["--nsa-prefill-cp-mode", "round-robin-split"], ["--cp-strategy", "interleave"],
            ["--disaggregation-bootstrap-port", "8998"],
        ])
    func flagsWithoutMeaningHereAreAccepted(arguments: [String]) throws {
        let notes = try read(["serve", "m"] + arguments).notes
        #expect(notes.count == 1)
        #expect(notes[0].hasPrefix(arguments[0]))
        #expect(!notes[0].contains("\n"))
    }

    @Test(
        "flags of what is not built yet are accepted with the value that changes nothing",
        arguments: [
            ["--tp-size", "1"], ["--tensor-parallel-size", "1"], ["--tp", "1"], ["--tp=1"],
            ["--dp-size", "1"], ["--attn-cp-size", "1"],
            ["--attention-context-parallel-size", "1"], ["--moe-dense-tp-size", "1"],
            ["--nnodes", "1"], ["--node-rank", "0"], ["--schedule-policy", "fcfs"],
            ["--page-size", "64"], ["--disaggregation-mode", "null"],
            ["--decode-log-interval", "40"], ["--hicache-size", "0"],
        ])
    func flagsOfWhatIsNotBuiltYetAreAcceptedWithTheirDefault(arguments: [String]) throws {
        #expect(try read(["serve", "m"] + arguments).notes.isEmpty)
    }

    @Test(
        "what is not built yet is refused in one line",
        arguments: [
            ["--tp-size", "8"], ["--tensor-parallel-size", "2"], ["--tp", "2"], ["--dp-size", "2"],
            ["--attn-cp-size", "8"], ["--moe-dense-tp-size", "8"],
            ["--enable-nsa-prefill-context-parallel"], ["--enable-prefill-cp"], ["--nnodes", "4"],
            ["--node-rank", "1"], ["--schedule-policy", "lpm"],
            ["--page-size", "1"], ["--enable-hierarchical-cache"], ["--enable-hicache"],
            ["--hicache-size", "30"], ["--hicache-storage-backend", "file"],
            ["--disaggregation-mode", "prefill"], ["--admin-api-key", "a"],
            ["--tool-call-parser", "deepseekv32"],
            ["--reasoning-parser", "deepseek-v3"], ["--enable-metrics"], ["--enable-cache-report"],
            ["--enable-request-time-stats-logging"], ["--decode-log-interval", "1"],
        ])
    func whatIsNotBuiltYetIsRefused(arguments: [String]) throws {
        let message = try #require(refusal(["serve", "m"] + arguments))
        #expect(message.hasPrefix(arguments.joined(separator: " ") + " is not supported yet"))
        #expect(!message.contains("\n"))
    }

    @Test("a command of launch_server is taken as it stands")
    func aCommandOfLaunchServerIsTakenAsItStands() throws {
        let command =
            "--model-path m --trust-remote-code --nnodes 1 --node-rank 0 --tp 1 --pp-size 4"
            + " --port 30000 --dist-init-addr 10.0.0.1:62001 --disable-radix-cache"
            + " --mem-fraction-static 0.8 --attention-backend fa3 --host 0.0.0.0"
            + " --watchdog-timeout 3600 --max-running-requests 128 --chunked-prefill-size 4096"
            + " --cuda-graph-bs 1 2 4 8 --pp-async-batch-depth 1"
        let (invocation, notes) = try read(
            ["serve"] + command.split(separator: " ").map(String.init),
            environment: ["SGLANG_PP_LAYER_PARTITION": "15,15,15,16"])
        guard case .serve(let options) = invocation else {
            Issue.record("not a serve invocation")
            return
        }
        #expect(options.pipeline.layerCounts == [15, 15, 15, 16])
        #expect(options.scheduling.chunking == .fixed(tokens: 4096))
        #expect(notes.count == 4)
    }
}
