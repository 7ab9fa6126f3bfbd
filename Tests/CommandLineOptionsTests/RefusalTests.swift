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
            ("--stream-interval", "0"), ("--log-level", "loud"), ("--threads", "0"),
            ("--isa", "neon"), ("--tp-size", "two"), ("--nnodes", "0"), ("--page-size", "-1"),
            ("--schedule-policy", "best"), ("--disaggregation-mode", "both"),
            ("--disaggregation-bootstrap-port", "70000"), ("--dist-init-addr", "nowhere"),
            ("--dist-init-addr", ":80"), ("--dynamic-chunking-smooth-factor", "1.01"),
            ("--cuda-graph-bs", "1,2"), ("--port", "1\n2"), ("--port", "\u{1B}[31m"),
        ])
    func aBadValueIsOneLine(flag: String, value: String) throws {
        let message = try #require(refusal(["serve", "m", "\(flag)=\(value)"]))
        #expect(message.contains(flag))
        #expect(message.contains("'"))
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 32 })
        #expect(message.count < 250, "\(message)")
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
            (["server", "m"], "unknown command 'server'; the nearest is 'serve'"),
            (["--model-path", "m"], "--model-path"),
            (["bench", "decode", "m"], "decode"),
            (["inspect"], "model"),
            (["inspect", "m", "--pp-size", "0"], "--pp-size"),
            (["stage", "--connect", "a"], "--connect"),
            (["bench", "prefill", "m", "--prompt-lengths", "512;1"], "--prompt-lengths"),
            (["bench", "prefill", "m", "--chunk-sizes", "65"], "--chunk-sizes"),
            (["bench", "prefill", "m", "--repetitions", "0"], "--repetitions"),
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
