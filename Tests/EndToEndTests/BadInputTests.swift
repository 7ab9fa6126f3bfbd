import Foundation
import Testing

/// What cannot be served gets one clear error, and the server goes on.
@Suite("bad input", .serialized)
struct BadInputTests {
    struct BadRequest: Sendable, CustomStringConvertible {
        var path: String
        var body: String
        var status: Int
        /// A part of the message.
        var says: String

        var description: String {
            "\(path) \(body.prefix(80))"
        }
    }

    private static func chat(_ field: String) -> String {
        #"{"messages": [{"role": "user", "content": "Hi"}], \#(field)}"#
    }

    static let badRequests: [BadRequest] = {
        let chat = "v1/chat/completions"
        let many = Array(repeating: "7", count: 9000).joined(separator: ",")
        return [
            .init(path: chat, body: "", status: 400, says: "JSON"),
            .init(path: chat, body: "{", status: 400, says: "JSON"),
            .init(path: chat, body: "[]", status: 400, says: "object"),
            .init(path: chat, body: "{}", status: 400, says: "messages"),
            .init(path: chat, body: #"{"messages": 7}"#, status: 400, says: "messages"),
            .init(path: chat, body: #"{"messages": []}"#, status: 400, says: "messages"),
            .init(
                path: chat, body: #"{"messages": [{"role": "user"}], "n": "two"}"#, status: 400,
                says: "n"),
            .init(path: chat, body: Self.chat(#""temperature": NaN"#), status: 400, says: "JSON"),
            .init(
                path: chat, body: Self.chat(#""temperature": -1"#), status: 400,
                says: "temperature"),
            .init(
                path: chat, body: Self.chat(#""temperature": 1e400"#), status: 400,
                says: "temperature"),
            .init(path: chat, body: Self.chat(#""top_p": 0"#), status: 400, says: "top_p"),
            .init(path: chat, body: Self.chat(#""top_k": -7"#), status: 400, says: "top_k"),
            .init(path: chat, body: Self.chat(#""max_tokens": -1"#), status: 400, says: "max"),
            .init(path: chat, body: Self.chat(#""max_tokens": 1.5"#), status: 400, says: "max"),
            .init(path: chat, body: Self.chat(#""n": 1000000000000"#), status: 400, says: "n"),
            .init(path: chat, body: Self.chat(#""stop": 7"#), status: 400, says: "stop"),
            .init(
                path: chat, body: Self.chat(#""logit_bias": {"999999": 1}"#), status: 400,
                says: "logit_bias"),
            .init(
                path: chat, body: Self.chat(#""model": "nobody""#), status: 404, says: "nobody"),
            .init(
                path: "v1/completions", body: #"{"prompt": ""}"#, status: 400, says: "empty"),
            .init(path: "v1/completions", body: #"{"prompt": []}"#, status: 400, says: "prompt"),
            .init(
                path: "v1/completions", body: #"{"prompt": [-1]}"#, status: 400, says: "prompt"),
            .init(
                path: "v1/completions", body: #"{"prompt": [999999]}"#, status: 400,
                says: "999999"),
            .init(
                path: "v1/completions", body: #"{"prompt": [99999999999999999999]}"#, status: 400,
                says: "prompt"),
            .init(
                path: "v1/completions", body: #"{"prompt": [\#(many)]}"#, status: 400,
                says: "longer than the model's context length"),
            .init(path: "generate", body: "{}", status: 400, says: "text"),
            .init(path: "generate", body: #"{"input_ids": [1e99]}"#, status: 400, says: "input"),
            .init(
                path: "generate", body: #"{"text": "x", "sampling_params": {"top_p": 2}}"#,
                status: 400, says: "top_p must be in (0, 1]"),
            .init(
                path: "generate", body: #"{"text": "x", "sampling_params": {"min_p": -1}}"#,
                status: 400, says: "min_p"),
            .init(
                path: "generate",
                body: #"{"text": "x", "sampling_params": {"stop_token_ids": [77777777]}}"#,
                status: 400, says: "stop_token_ids"),
            .init(path: "v1/nothing", body: "{}", status: 404, says: "There is no"),
        ]
    }()

    @Test("every bad request gets its status and its reason, and the next is served")
    func refuseRequest() async throws {
        try await ServerProcess.run(ServingTests.arguments) { server in
            for bad in Self.badRequests {
                let (status, text) = try await server.post(bad.path, bad.body)
                #expect(status == bad.status, "\(bad): \(text)")
                #expect(text.contains(bad.says), "\(bad): \(text)")
                #expect(text.contains("error"), "\(bad): \(text)")
            }
            let (status, body) = try await server.post(
                "generate",
                #"{"text": "The capital of France is", "sampling_params": {"temperature": 0}}"#)
            #expect(status == 200)
            #expect(body.contains("Paris"))
        }
    }

    @Test("a prompt that the KV cache cannot hold is refused")
    func noMemory() async throws {
        let arguments = ServingTests.arguments + ["--max-total-tokens", "128"]
        try await ServerProcess.run(arguments) { server in
            let ids = Array(repeating: "7", count: 500).joined(separator: ",")
            let (status, body) = try await server.post("generate", #"{"input_ids": [\#(ids)]}"#)
            #expect(status == 400)
            #expect(
                body.contains("does not fit into the KV cache"))
            let (after, _) = try await server.post(
                "generate", #"{"input_ids": [1, 2, 3], "sampling_params": {"max_new_tokens": 3}}"#)
            #expect(after == 200)
        }
    }

    /// A command line that cannot be served.
    struct BadCommand: Sendable, CustomTestStringConvertible {
        /// In a folder of its own, for what it wants to put there.
        var arguments: @Sendable (URL) throws -> [String]
        var says: String
        var status: Int32 = 2

        var testDescription: String { says }

        /// One about the test model's flags.
        static func flags(_ flags: String..., says: String) -> BadCommand {
            BadCommand(
                arguments: { _ in ["--model-path", TestModels.smolLM2] + flags }, says: says)
        }

        /// One about a checkpoint folder, damaged.
        static func damagedFolder(
            says: String, damage: @escaping @Sendable (URL) throws -> Void
        ) -> BadCommand {
            BadCommand(
                arguments: { folder in
                    let copy = folder.appending(path: "damaged")
                    try FileManager.default.copyItem(
                        atPath: TestModels.tinyLlama, toPath: copy.path)
                    try damage(copy)
                    return ["--model-path", copy.path, "--skip-tokenizer-init"]
                }, says: says, status: 1)
        }

        /// One about the beginning of the test model's file.
        static func truncated(to count: Int) -> BadCommand {
            let name = "\(count)-bytes.gguf"
            return BadCommand(
                arguments: { folder in
                    let path = folder.appending(path: name)
                    let whole = FileHandle(forReadingAtPath: TestModels.smolLM2)
                    try whole?.read(upToCount: count)?.write(to: path)
                    return ["--model-path", path.path]
                }, says: name, status: 1)
        }
    }

    static let badCommands: [BadCommand] = [
        BadCommand(
            arguments: { _ in ["--model-path", "/nowhere/model.gguf"] },
            says: "/nowhere/model.gguf", status: 1),
        .flags("--pp-size", "31", says: "more than the model's 30 layers"),
        .flags(
            "--pp-size", "2", "--pp-layer-partition", "15,14",
            says: "adds up to 29, the model has 30 layers"),
        .flags("--pp-size", "3", "--pp-layer-partition", "15,15", says: "2 entries"),
        .flags("--context-length", "9000", says: "above the model's 8192"),
        .flags("--chunked-prefill-size", "100", says: "a multiple of the page size 64"),
        .flags("--tp-size", "2", says: "not supported yet"),
        .flags("--pp-sise", "2", says: "--pp-size"),
        .flags("--max-prefill-tokens", "63", says: "from 64"),
        .flags("--threads", "4096", says: "more than the"),
        .truncated(to: 1000),
        .truncated(to: 40_000_000),
        .damagedFolder(says: "model-00002-of-00003") { copy in
            try FileManager.default.removeItem(
                at: copy.appending(path: "model-00002-of-00003.safetensors"))
        },
        .damagedFolder(says: "tensor model.layers.1.mlp.up_proj.weight: missing") { copy in
            let file = copy.appending(path: "model.safetensors.index.json")
            let lines = try String(contentsOf: file, encoding: .utf8)
                .components(separatedBy: "\n")
            try lines.filter { !$0.contains("layers.1.mlp.up_proj") }.joined(separator: "\n")
                .write(to: file, atomically: true, encoding: .utf8)
        },
    ]

    @Test("what cannot be served ends with one line", arguments: badCommands)
    func refuseCommand(_ bad: BadCommand) async throws {
        let result = try await TemporaryFolder.with { folder in
            try await ChildProcess.run(
                Penstock.executable, ["serve", "--port", "0"] + bad.arguments(folder))
        }
        #expect(result.status == bad.status)
        #expect(result.errors.contains(bad.says), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(result.output == "")
    }

    @Test("weights that are no numbers fail requests with a reason, and nothing else")
    func damagedWeights() async throws {
        try await TemporaryFolder.with { folder in
            let copy = folder.appending(path: "damaged")
            try FileManager.default.copyItem(atPath: TestModels.tinyLlama, toPath: copy.path)
            let shard = copy.appending(path: "model-00003-of-00003.safetensors")
            var bytes = try Data(contentsOf: shard)
            // The last norm: 64 numbers of bf16, now all NaN.
            bytes.replaceSubrange(
                (bytes.count - 128)..., with: Array(repeating: [0xc0, 0x7f], count: 64).joined())
            try bytes.write(to: shard)
            let arguments = ["--model-path", copy.path, "--skip-tokenizer-init"]
            try await ServerProcess.run(arguments) { server in
                for _ in 0..<2 {
                    let (status, body) = try await server.post(
                        "generate", #"{"input_ids": [1, 2, 3], "sampling_params": {}}"#)
                    #expect(status == 500 && body.contains("no finite numbers"), "\(body)")
                }
                let (status, errors) = await server.interruptAndRead()
                #expect(status == 0 && errors.contains("its weights may be damaged"), "\(errors)")
            }
        }
    }

    @Test("too little memory is said in one line, by the stage and by the server")
    func noAddressSpace() async throws {
        let arguments = ["serve", "--port", "0", "--max-total-tokens", "128"]
        let command = ([Penstock.executable] + arguments + ["--model-path", TestModels.smolLM2])
            .map { "'\($0)'" }.joined(separator: " ")
        // Enough for the program and its libraries, not for the weights.
        let result = try await ChildProcess.run(
            "/bin/sh", ["-c", "ulimit -v 700000; exec \(command)"])
        #expect(result.status == 1 && result.output.isEmpty)
        let lines = result.errors.split(separator: "\n")
        #expect(lines.contains { $0.contains("cannot allocate") }, "\(result.errors)")
        #expect(lines.count < 8, "\(result.errors)")
    }

    @Test("a port in use is one line, and leaves no process")
    func portInUse() async throws {
        try await ServerProcess.run(ServingTests.arguments) { server in
            let port = try #require(server.url.port)
            let result = try await ChildProcess.run(
                Penstock.executable,
                ["serve", "--port", "\(port)"] + ServingTests.arguments)
            #expect(result.status == 1)
            #expect(result.errors.contains("cannot listen on 127.0.0.1:\(port)"))
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        }
    }
}
