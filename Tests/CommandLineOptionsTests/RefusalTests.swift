import CommandLineOptions
import Testing

@Suite("bad command lines")
struct RefusalTests {
    @Test(
        "a bad value is one line that names flag and value",
        arguments: [
            ("--port", "abc"), ("--port", "65536"), ("--port", "-1"), ("--port", ""),
            ("--port", "99999999999999999999"), ("--host", ""), ("--served-model-name", "a:b"),
            ("--served-model-name", ""), ("--api-key", ""), ("--pp-size", "0"),
            ("--pp-size", "-2"), ("--pp-size", "2.5"), ("--pp-size", "100000"),
            ("--pp-async-batch-depth", "-1"), ("--pp-max-micro-batch-size", "0"),
            ("--pp-layer-partition", "1;2"), ("--pp-layer-partition", "30,0"),
            ("--pp-layer-partition", ""), ("--pp-activation-dtype", "float16"),
            ("--chunked-prefill-size", "100"), ("--chunked-prefill-size", "many"),
            ("--chunked-prefill-size", "9223372036854775744"), ("--max-prefill-tokens", "0"),
            ("--max-running-requests", "0"), ("--max-queued-requests", "x"),
            ("--max-total-tokens", "-64"), ("--mem-fraction-static", "0"),
            ("--mem-fraction-static", "1"), ("--mem-fraction-static", "nan"),
            ("--mem-fraction-static", "inf"), ("--watchdog-timeout", "0"),
            ("--watchdog-timeout", "-inf"), ("--watchdog-timeout", "1e400"),
            ("--context-length", "0"), ("--dtype", "float16"), ("--dtype", "int4"),
            ("--kv-cache-dtype", "fp8_e4m3"), ("--kv-cache-dtype", "float16"),
            ("--stream-interval", "0"), ("--log-level", "loud"), ("--threads", "0"),
            ("--isa", "neon"), ("--tp-size", "two"), ("--nnodes", "0"), ("--page-size", "-1"),
            ("--schedule-policy", "best"), ("--disaggregation-mode", "both"),
            ("--disaggregation-bootstrap-port", "70000"), ("--dist-init-addr", "nowhere"),
            ("--dist-init-addr", ":80"), ("--dynamic-chunking-smooth-factor", "1.01"),
            ("--pp-hosts", ""), ("--pp-hosts", "a,,b"), ("--pp-hosts", "-x"),
            ("--pp-hosts", "a:2"), ("--pp-hosts", "a,b,a"), ("--pp-hosts", "a b"),
            ("--cuda-graph-bs", "1,2"), ("--port", "1\n2"), ("--port", "\u{1B}[31m"),
        ])
    func aBadValueIsOneLine(flag: String, value: String) throws {
        let message = try #require(refusal(["serve", "m", "\(flag)=\(value)"]))
        #expect(message.contains(flag))
        #expect(message.contains("'"))
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 32 })
        #expect(message.count < 250, "\(message)")
    }

    /// Every option that takes numbers, of the commands whose arguments the parser splits, and
    /// what such a command needs besides.
    private static let numericOptions: [(command: [String], options: [String])] = [
        (
            ["chunks", "--fixed-ms=1", "--linear-ms=1", "--attention-ms=0", "--prompt-length=64"],
            [
                "--prompt-length", "--cached-prefix", "--pp-size", "--stage-slowdowns",
                "--fixed-ms", "--linear-ms", "--attention-ms", "--tp-size", "--threads",
                "--pp-layer-partition", "--calibrate", "--page-size", "--chunked-prefill-size",
                "--dynamic-chunking-smooth-factor", "--max-prefill-tokens", "--context-length",
            ]
        ),
        (
            ["plan", "--model=m", "--hardware=h"],
            [
                "--prompt-lengths", "--devices", "--pp-size", "--tp-size", "--threads",
                "--pp-layer-partition", "--calibrate", "--chunked-prefill-size",
                "--dynamic-chunking-smooth-factor", "--max-prefill-tokens",
                "--pp-async-batch-depth", "--rows",
            ]
        ),
        (["simulate", "s.yaml"], ["--seed"]),
        (["inspect", "m"], ["--pp-size", "--pp-layer-partition"]),
        (
            ["bench", "prefill", "m"],
            [
                "--prompt-lengths", "--pp-sizes", "--pp-size", "--repetitions", "--threads",
                "--requests",
            ]
        ),
        (
            ["bench", "decode", "m"],
            ["--depths", "--batch-sizes", "--new-tokens", "--pp-sizes", "--threads"]
        ),
        (["bench", "kernels"], ["--seconds", "--threads"]),
    ]

    @Test("a negative number is a value, with an equals sign before it or not")
    func aNegativeNumberIsAValue() throws {
        for (command, options) in Self.numericOptions {
            for option in options {
                for value in ["-1", "-5,3", "-0.5", "-.5", "-inf"] {
                    let apart = try #require(refusal(command + [option, value]))
                    #expect(apart == refusal(command + ["\(option)=\(value)"]))
                    #expect(apart.hasPrefix("The value '\(value)' is invalid for '\(option)"))
                    #expect(apart.contains("it must be "), "\(apart)")
                }
            }
        }
        #expect(
            refusal(["chunks", "--fixed-ms", "-1"])
                == "The value '-1' is invalid for '--fixed-ms <ms>': "
                + "it must be a number from 0.0 to below 1000000000.0")
    }

    @Test("what is no value stays apart from the flag before it")
    func whatIsNoValue() throws {
        #expect(refusal(["trace", "--json", "-5"])?.contains("-5") == true)
        #expect(refusal(["chunks", "--page-size"])?.contains("Missing value") == true)
        #expect(refusal(["chunks", "--page-size", "--json"])?.contains("Missing value") == true)
        guard case .trace(let options) = try read(["trace", "--json", "--", "-5"]).invocation
        else {
            Issue.record("no trace")
            return
        }
        #expect(options.path == "-5" && options.json)
    }

    @Test("a layer partition may be `auto`, and who mistypes it is told")
    func layerPartition() throws {
        #expect(
            refusal(["serve", "m", "--pp-size", "2", "--pp-layer-partition", "auto,1"])?
                .hasSuffix(
                    "it must be auto, or a list of integers from 1 to 1000000, separated by commas")
                == true)
    }

    @Test(
        "an unknown flag is answered with the nearest known one",
        arguments: [
            ("--pp-sise", "--pp-size"), ("--prot=1", "--port"),
            ("--chunked_prefill_size", "--chunked-prefill-size"),
            ("--mem-fraction", "--mem-fraction-static"),
            ("--tensor-parallel", "--tensor-parallel-size"),
            ("--enable-dynamic-chunk", "--enable-dynamic-chunking"),
            ("--Model-Path", "--model-path"),
            ("--disable-radix-cach", "--disable-radix-cache"), ("-tp", "--tp"),
        ])
    func anUnknownFlagIsAnsweredWithTheNearest(flag: String, nearest: String) throws {
        let message = try #require(refusal(["serve", "m", flag]))
        #expect(message.hasPrefix("unknown flag"))
        #expect(message.hasSuffix("the nearest is '\(nearest)'"), "\(message)")
    }

    @Test(
        "an incomplete or contradictory command line is refused",
        arguments: [
            (["serve"], "--model-path is missing"),
            (["serve", "m", "--model", "n"], "named twice"),
            (["serve", "m", "n"], "n"),
            (["serve", "m", "--port"], "'--port' lacks its value"),
            (["serve", "m", "--host", "--port", "1"], "'--host' lacks its value"),
            (["serve", "m", "--cuda-graph-bs"], "'--cuda-graph-bs' lacks its values"),
            (
                ["serve", "m", "--disable-radix-cache=true"],
                "'--disable-radix-cache' takes no value"
            ),
            (["serve", "m", "--trust-remote-code=1"], "'--trust-remote-code' takes no value"),
            (["serve", "m", "--pp-size", "2", "--pp-layer-partition", "30"], "has 1 entries"),
            (["serve", "m", "--pp-hosts", "a,b"], "names 2 hosts, the pipeline has 1 stage"),
            (["server", "m"], "unknown command 'server'; the nearest is 'serve'"),
            (["--model-path", "m"], "--model-path"),
            (["bench", "decod", "m"], "decod"),
            (["bench", "decode"], "model"),
            (["bench", "decode", "m", "--depths", "8192;1"], "--depths"),
            (["bench", "decode", "m", "--depths", "99999999999999999999"], "--depths"),
            (["bench", "decode", "m", "--batch-sizes", "0"], "--batch-sizes"),
            (["bench", "decode", "m", "--new-tokens", "1"], "--new-tokens"),
            (["bench", "decode", "m", "--prompt-lengths", "512"], "--prompt-lengths"),
            (["bench", "kernels", "--seconds", "0"], "--seconds"),
            (["bench", "kernels", "--seconds", "nan"], "--seconds"),
            (["bench", "kernels", "m", "n"], "n"),
            (["bench", "kernels", "--isa", "sse"], "--isa"),
            (["inspect"], "model"),
            (["inspect", "m", "--pp-size", "0"], "--pp-size"),
            (["stage", "--connect", "a"], "--connect"),
            (["bench", "prefill", "m", "--prompt-lengths", "512;1"], "--prompt-lengths"),
            (["bench", "prefill", "m", "--chunk-sizes", "65"], "--chunk-sizes"),
            (["bench", "prefill", "m", "--repetitions", "0"], "--repetitions"),
            (["bench", "prefill", "m", "--requests", "0"], "--requests"),
            (["bench", "prefill", "m", "--requests", "5000"], "--requests"),
        ])
    func anIncompleteCommandLineIsRefused(arguments: [String], part: String) throws {
        let message = try #require(refusal(arguments))
        #expect(message.contains(part), "\(message)")
        #expect(!message.contains("\n"))
    }

    @Test("a message stays short however long the argument is")
    func aMessageStaysShort() throws {
        let long = String(repeating: "a", count: 100_000)
        #expect(try #require(refusal(["serve", "m", "--\(long)"])).count < 500)
        #expect(try #require(refusal(["serve", "m", "--port", long])).count < 500)
    }
}
