import CommandLineOptions
import PipelineTypes
import Testing

@Suite("penstock serve --config")
struct ConfigurationFileTests {
    private static let arguments = ["serve", "--config", "c.yaml"]

    private static func options(_ yaml: String, _ more: String...) throws -> ServeOptions {
        let result = try read(arguments + more, files: ["c.yaml": yaml])
        guard case .serve(let options) = result.invocation else {
            throw UsageError("not a serve invocation")
        }
        return options
    }

    @Test("keys are flags without dashes")
    func keysAreFlagsWithoutDashes() throws {
        let options = try Self.options(
            """
            # a pipeline of two
            model-path: m.gguf
            pp-size: 2
            pp_layer_partition: "10,20"
            chunked-prefill-size: -1
            mem-fraction-static: 0.75
            disable-radix-cache: true
            skip-server-warmup: false
            served-model-name: on
            api-key:
            cuda-graph-bs: [1, 2, 4]
            trust-remote-code: yes
            """)
        #expect(options.configPath == "c.yaml")
        #expect(options.model.path == "m.gguf")
        #expect(options.model.servedName == "on")
        #expect(options.pipeline.layerCounts == [10, 20])
        #expect(options.scheduling.chunking == .whole)
        #expect(options.memory.staticFraction == 0.75)
        #expect(!options.memory.prefixCacheEnabled)
        #expect(!options.server.skipWarmup)
        #expect(options.server.apiKey == nil)
    }

    @Test("flags win over the file")
    func flagsWinOverTheFile() throws {
        let yaml = "model: m\nport: 1\npipeline-parallel-size: 2\ntp: 8"
        let options = try Self.options(yaml, "--port", "2", "--tp-size", "1", "--pp-size", "3")
        #expect(options.server.port == 2)
        #expect(options.pipeline.stageCount == 3)
    }

    @Test("an empty file says nothing", arguments: ["", "# nothing\n", "---\n"])
    func anEmptyFileSaysNothing(yaml: String) throws {
        #expect(try Self.options(yaml, "m").model.path == "m")
    }

    @Test(
        "a file that makes no sense is refused in one line",
        arguments: [
            ("pp-sise: 2", "--pp-size"), ("pp-sise: false", "--pp-size"),
            ("- 1\n- 2", "keys and values"),
            ("a: [1", "YAML"), ("port: [1, 2]", "'port' must have one value"),
            ("port: {a: 1}", "'port' must be a text"), ("port: x", "--port"),
            ("disable-radix-cache: 3", "true or false"), ("cuda-graph-bs: [a]", "integers"),
            ("cuda-graph-bs: []", "integers"), ("port: []", "one value"),
            ("config: d.yaml", "command line"),
            ("help: true", "command line"), ("[a]: 1", "key"), ("tp-size: 8", "not supported yet"),
            ("port: 1\nport: 2", "'port' occurs twice"), ("just text", "keys and values"),
            ("port: &a 1\nhost: *b", "YAML"),
        ])
    func aFileThatMakesNoSenseIsRefused(yaml: String, part: String) throws {
        let message = try #require(
            refusal(Self.arguments + ["m"], files: ["c.yaml": yaml]))
        #expect(message.contains(part), "\(message)")
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 32 })
    }

    @Test("a file that cannot be read is refused by its path")
    func aFileThatCannotBeReadIsRefused() throws {
        let message = try #require(refusal(Self.arguments + ["m"]))
        #expect(message == "--config c.yaml: the file cannot be read")
    }
}
