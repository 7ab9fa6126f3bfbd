import Foundation
import Testing

/// Files that users name: what is read is never written over, and need not have an end.
@Suite("files of users", .serialized)
struct UserFileTests {
    private static let contents = Data("what nobody wants to lose".utf8)

    /// Runs a test in a folder of its own, with the paths of names in it.
    private static func inFolder(
        _ body: (_ path: (String) -> String) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { folder in
            try await body { folder.appending(path: $0).path }
        }
    }

    private static func refusal(_ arguments: [String]) async throws -> String {
        let result = try await ChildProcess.run(Penstock.executable, arguments)
        #expect(result.status == 2 && result.output.isEmpty, "\(arguments): \(result.errors)")
        return result.errors
    }

    @Test("a server's trace replaces no file of its model, and not its configuration")
    func traceOfServer() async throws {
        try await Self.inFolder { path in
            try FileManager.default.createDirectory(
                atPath: path("model"), withIntermediateDirectories: true)
            for name in ["m.gguf", "blob"] {
                try Self.contents.write(to: URL(filePath: path(name)))
            }
            let links = [
                ("link.gguf", "m.gguf"), ("model/model.safetensors", "../blob"),
                ("folder", "model"),
            ]
            for (link, target) in links {
                try FileManager.default.createSymbolicLink(
                    atPath: path(link), withDestinationPath: target)
            }
            let configuration = "trace: \(path("c.yaml"))\n"
            try Data(configuration.utf8).write(to: URL(filePath: path("c.yaml")))
            let cases: [(model: String, trace: String, over: String)] = [
                ("m.gguf", "m.gguf", "the model"), ("m.gguf", "link.gguf", "the model"),
                ("link.gguf", "m.gguf", "the model"), ("model", "blob", "the model"),
                ("folder", "model/model.safetensors", "the model"),
                ("m.gguf", "c.yaml", "the configuration"),
            ]
            for (model, trace, over) in cases {
                let flags = over == "the model" ? ["--trace", path(trace)] : []
                let errors = try await Self.refusal(
                    ["serve", "--model-path", path(model), "--config", path("c.yaml")] + flags)
                #expect(errors == "penstock: --trace \(path(trace)) would overwrite \(over)\n")
            }
            for name in ["m.gguf", "blob"] {
                #expect(try Data(contentsOf: URL(filePath: path(name))) == Self.contents)
            }
            #expect(try String(contentsOfFile: path("c.yaml"), encoding: .utf8) == configuration)
        }
    }

    @Test("a file without end is refused in one line")
    func endless() async throws {
        let zero = "/dev/zero"
        #expect(
            try await Self.refusal(["trace", zero])
                == "penstock: cannot read \(zero): it has more than 1024 MiB\n")
        let settings = "\(zero): the file has more than 1048576 bytes\n"
        #expect(try await Self.refusal(["simulate", zero]) == "penstock: \(settings)")
        #expect(
            try await Self.refusal(["serve", "--model-path", "m", "--config", zero])
                == "penstock: --config \(settings)")
        let plan = ["plan", "--model", "qwen3-8b", "--hardware"]
        #expect(try await Self.refusal(plan + [zero]) == "penstock: \(settings)")
        #expect(
            try await Self.refusal(["plan", "--model", zero, "--hardware", "h20-node"])
                == "penstock: \(zero): the file has more than 4194304 bytes\n")
    }

    @Test("a tokenizer that is far too long is refused in one line")
    func longTokenizer() async throws {
        try await Self.inFolder { path in
            try FileManager.default.copyItem(atPath: TestModels.tinyLlama, toPath: path("model"))
            let tokenizer = path("model/tokenizer.json")
            try Data().write(to: URL(filePath: tokenizer))
            let handle = try FileHandle(forWritingTo: URL(filePath: tokenizer))
            try handle.truncate(atOffset: 1 << 40)
            try handle.close()
            let result = try await ChildProcess.run(
                Penstock.executable, ["serve", "--model-path", path("model")])
            #expect(result.status == 1)
            #expect(
                result.errors == "penstock: cannot read \(tokenizer): it has more than 256 MiB\n")
        }
    }
}
