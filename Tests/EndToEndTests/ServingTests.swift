import Foundation
import SeededRandom
import Testing

/// The shipped executable, as its users meet it.
@Suite("serving", .serialized)
struct ServingTests {
    static let arguments = ["--model-path", TestModels.smolLM2, "--pp-size", "2"]

    @Test("curl and OpenAI's client are told of Paris, and Ctrl-C ends every process")
    func parisAndEnd() async throws {
        let server = try await ServerProcess(Self.arguments)
        let curl = try await ChildProcess.run(
            "/usr/bin/curl",
            [
                "-sN", server.url.appending(path: "v1/chat/completions").absoluteString,
                "-H", "Content-Type: application/json", "-d",
                """
                {"messages": [{"role": "user", "content": "What is the capital of France?"}],
                 "temperature": 0, "stream": true}
                """,
            ])
        #expect(curl.output.contains("Paris"))
        #expect(curl.output.contains("\"finish_reason\":\"stop\""))
        #expect(curl.output.hasSuffix("data: [DONE]\n\n"))

        try await checkOpenAIClient(server)

        let processes = server.processes
        #expect(processes.count >= 4, "server, mpirun and two stages")
        let end = await server.interrupt()
        #expect(end.status == 0)
        #expect(end.seconds < 5)
        #expect(processes.filter(ProcessTree.isRunning) == [])
    }

    @Test("with an 8-bit KV cache, it is told of Paris too, again from the prefix cache")
    func eightBitCache() async throws {
        try await ServerProcess.run(Self.arguments + ["--kv-cache-dtype", "int8"]) { server in
            let body = """
                {"text": "\(String(repeating: "Paris is in France. ", count: 40))\
                The capital of France is",
                 "sampling_params": {"temperature": 0, "max_new_tokens": 4}}
                """
            let cold = try await server.post("generate", body)
            let warm = try await server.post("generate", body)
            #expect(cold.status == 200 && cold.body.contains("Paris"), "\(cold.body)")
            #expect(cold.body.contains(#""cached_tokens":0"#), "\(cold.body)")
            #expect(!warm.body.contains(#""cached_tokens":0"#), "\(warm.body)")
            #expect(warm.body.contains("Paris"))
        }
    }

    private func checkOpenAIClient(_ server: ServerProcess) async throws {
        let script = TestModels.root.appending(path: "Tests/EndToEndTests/Clients/openai_chat.py")
        let client = try await ChildProcess.run(
            TestModels.root.appending(path: ".venv/bin/python").path,
            [script.path, server.url.absoluteString])
        struct Report: Decodable {
            var whole: String
            var finish: String
            var logprobs: Int
            var tokens: Int
            var streamed: String
            var pieces: Int
            var usage: Int
            var completion: String
            var firstLogprob: Double?
            var refused: [String: Int]
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(client.output.utf8))
        #expect(report.whole.contains("Paris"))
        #expect(report.finish == "stop")
        #expect(report.streamed == report.whole)
        #expect(report.pieces > 3)
        #expect(report.logprobs == report.tokens)
        #expect(report.usage == report.tokens)
        #expect(report.completion.hasPrefix("The capital of France is"))
        #expect(report.firstLogprob == nil)
        #expect(report.refused == ["unknown model": 404, "bad range": 400])
    }

    @Test("an idle server rests")
    func idle() async throws {
        try await ServerProcess.run(Self.arguments) { server in
            _ = try await server.post(
                "generate", #"{"text": "Hello", "sampling_params": {"max_new_tokens": 8}}"#)
            try await Task.sleep(for: .seconds(1))
            let processes = server.processes
            func taken() -> Double {
                processes.reduce(0) { $0 + ProcessTree.processorSeconds($1) }
            }
            let before = taken()
            try await Task.sleep(for: .seconds(10))
            let share = (taken() - before) / 10
            print("idle at pp 2: \(share * 100) % of one core, \(processes.count) processes")
            #expect(share < 0.02)
        }
    }

    @Test("a server whose stages cannot be kept alive ends and says why")
    func givesUp() async throws {
        let server = try await ServerProcess([
            "--model-path", TestModels.tinyLlama, "--skip-tokenizer-init", "--pp-size", "2",
        ])
        let end = await server.loseStagesForGood()
        #expect(end.status == 1)
        #expect(end.errors.contains("penstock: The pipeline was lost too often"))
    }

    @Test("clients that come and go leave no page behind")
    func comingAndGoing() async throws {
        try await ServerProcess.run(Self.arguments + ["--max-total-tokens", "16384"]) { server in
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var generator = SeededGenerator(seed: seed)
            let lengths = (0..<48).map { _ in
                (
                    words: Int.random(in: 1...600, using: &generator),
                    tokens: Int.random(in: 1...80, using: &generator),
                    // Milliseconds until the client hangs up.
                    patience: Bool.random(using: &generator)
                        ? Int.random(in: 1...400, using: &generator) : nil as Int?
                )
            }
            let complete = try await withThrowingTaskGroup(of: Bool.self) { group in
                for (index, length) in lengths.enumerated() {
                    group.addTask {
                        try await Self.chat(
                            server, index, words: length.words, tokens: length.tokens,
                            patience: length.patience)
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(complete >= lengths.count { $0.patience == nil }, "seed \(seed)")
            try await expectNoUsedPages(server)
        }
    }

    /// Streams a chat; true if it came to its end.
    private static func chat(
        _ server: ServerProcess, _ index: Int, words: Int, tokens: Int, patience: Int?
    ) async throws -> Bool {
        let text = "Tell me about number \(index). " + String(repeating: "word ", count: words)
        var arguments = [
            "-sN", server.url.appending(path: "v1/chat/completions").absoluteString,
            "-H", "Content-Type: application/json", "-d",
            """
            {"messages": [{"role": "user", "content": "\(text)"}], "max_tokens": \(tokens),
             "stream": true}
            """,
        ]
        if let patience { arguments += ["--max-time", "\(Double(patience) / 1000)"] }
        let curl = try await ChildProcess.run("/usr/bin/curl", arguments)
        let isComplete = curl.output.hasSuffix("data: [DONE]\n\n")
        if patience == nil { #expect(isComplete) }
        if isComplete { #expect(curl.output.contains("\"finish_reason\":\"")) }
        return isComplete
    }

    private func expectNoUsedPages(_ server: ServerProcess) async throws {
        var used = -1
        for _ in 0..<100 where used != 0 {
            let info = try await server.get("server_info")
            let states = info["internal_states"] as? [[String: any Sendable]]
            used = states?.first?["num_used_tokens"] as? Int ?? -1
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(used == 0)
    }
}
