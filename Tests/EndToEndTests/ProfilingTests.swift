import Foundation
import Testing

/// A server that records when its stages work.
@Suite("profiling", .serialized)
struct ProfilingTests {
    /// What `penstock trace --json` says.
    private struct Summary: Decodable {
        struct Stage: Decodable {
            var busySeconds: Double
            var fillSeconds: Double
            var drainSeconds: Double
            var imbalanceSeconds: Double
            var linkWaitSeconds: Double
            var noWorkSeconds: Double
        }

        var source: String
        var stages: [Stage]
        var tokens: Int
        var requests: Int
        var microbatches: Int
        var droppedMicrobatches: Int
        var seconds: Double
    }

    private static func summary(_ path: String) async throws -> Summary {
        let result = try await ChildProcess.run(Penstock.executable, ["trace", path, "--json"])
        #expect(result.status == 0 && result.errors == "")
        return try JSONDecoder().decode(Summary.self, from: Data(result.output.utf8))
    }

    /// Runs a test in a folder of its own.
    private static func inFolder(_ body: (String) async throws -> Void) async throws {
        try await TemporaryFolder.with { try await body($0.path) }
    }

    private static func chat(_ server: ServerProcess) async throws -> (prompt: Int, output: Int) {
        let text = "Say something about rivers. " + String(repeating: "water ", count: 500)
        let answer = try await server.post(
            "v1/chat/completions",
            """
            {"messages": [{"role": "user", "content": "\(text)"}], "max_tokens": 8,
             "temperature": 0, "ignore_eos": true}
            """)
        struct Reply: Decodable {
            struct Usage: Decodable {
                var promptTokens: Int
                var completionTokens: Int
            }
            var usage: Usage
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let usage = try decoder.decode(Reply.self, from: Data(answer.body.utf8)).usage
        return (usage.promptTokens, usage.completionTokens)
    }

    @Test("a chat is profiled at pp 2, and penstock trace adds up what each stage did")
    func chatIsProfiled() async throws {
        try await Self.inFolder { folder in
            let whole = "\(folder)/whole run.json"
            let server = try await ServerProcess(ServingTests.arguments + ["--trace", whole])
            let start = try await server.post(
                "start_profile", #"{"output_dir": "\#(folder)", "profile_id": "chat"}"#)
            #expect(start.status == 200 && start.body == "Start profiling.\n")
            let usage = try await Self.chat(server)
            let stop = try await server.post("stop_profile", "")
            let path = "\(folder)/penstock-chat.trace.json"
            #expect(stop.body == "Stop profiling. The trace is in \(path).\n")

            let summary = try await Self.summary(path)
            #expect(summary.source == "measured")
            #expect(summary.tokens == usage.prompt + usage.output - 1)
            #expect(summary.requests == 1 && summary.droppedMicrobatches == 0)
            #expect(summary.stages.count == 2)
            for stage in summary.stages {
                let parts = [
                    stage.busySeconds, stage.fillSeconds, stage.drainSeconds,
                    stage.imbalanceSeconds, stage.linkWaitSeconds, stage.noWorkSeconds,
                ]
                #expect(abs(parts.reduce(0, +) - summary.seconds) < 1e-6)
                #expect(stage.busySeconds > 0.1 * summary.seconds)
            }
            #expect(summary.stages[1].fillSeconds > 0 && summary.stages[0].drainSeconds > 0)

            try await Self.expectStepBound(server, folder)
            #expect(await server.interrupt().status == 0)
            let run = try await Self.summary(whole)
            #expect(run.requests == 2, "two chats, and nothing of the server's start")
            #expect(run.tokens > summary.tokens && run.tokens < 2 * summary.tokens)
            try await Self.expectChart(of: whole, folder)
        }
    }

    /// With `num_steps` a profile ends by itself.
    private static func expectStepBound(_ server: ServerProcess, _ folder: String) async throws {
        let path = "\(folder)/penstock-steps.trace.json"
        let bound = #"{"output_dir": "\#(folder)", "profile_id": "steps", "num_steps": 3}"#
        #expect(try await server.post("start_profile", bound).status == 200)
        _ = try await chat(server)
        var isWritten = false
        for _ in 0..<100 where !isWritten {
            let text = try? String(contentsOfFile: path, encoding: .utf8)
            isWritten = text?.hasSuffix("]}\n") == true
            if !isWritten { try await Task.sleep(for: .milliseconds(50)) }
        }
        #expect(try await summary(path).microbatches == 3)
        let stop = try await server.post("stop_profile", "")
        #expect(stop.status == 400 && stop.body.contains("Profiling is not in progress"))
        let again = try await server.post("start_profile", bound)
        #expect(again.status == 400 && again.body.contains("File exists"), "nothing is replaced")
        let nowhere = try await server.post("start_profile", #"{"output_dir": "/nowhere/at/all"}"#)
        #expect(nowhere.status == 400)
        #expect(nowhere.body.contains("output_dir /nowhere/at/all is no existing folder."))
    }

    private static func expectChart(of trace: String, _ folder: String) async throws {
        let chart = "\(folder)/chart.svg"
        let result = try await ChildProcess.run(
            Penstock.executable, ["trace", trace, "--gantt", chart])
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("measured: 2 stages, "))
        #expect(result.output.contains("link wait") && result.output.contains("longest bubbles"))
        let svg = try String(contentsOfFile: chart, encoding: .utf8)
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains("<title>whole run.json</title>"))
    }

    @Test("the trace of a server that answered one request tells of one request")
    func oneRequest() async throws {
        try await Self.inFolder { folder in
            let trace = "\(folder)/run.json"
            let server = try await ServerProcess([
                "--model-path", TestModels.tinyLlama, "--skip-tokenizer-init", "--trace", trace,
            ])
            let prompt = (1...100).map(String.init).joined(separator: ",")
            let answer = try await server.post(
                "generate",
                #"{"input_ids": [\#(prompt)], "sampling_params": {"max_new_tokens": 3}}"#)
            #expect(answer.status == 200)
            #expect(await server.interrupt().status == 0)
            let run = try await Self.summary(trace)
            #expect(run.requests == 1)
            // The last output token is not computed any further.
            #expect(run.tokens == 100 + 2)
        }
    }

    @Test("a trace or chart that cannot be had is one line and an exit status")
    func failures() async throws {
        try await Self.inFolder { folder in
            let bad = "\(folder)/bad.json"
            try Data("{\n \"otherData\": {\"format\": 3}}".utf8).write(to: URL(filePath: bad))
            let cases: [(arguments: [String], status: Int32, errors: String)] = [
                (
                    ["trace", "/nowhere/x.json"], 2,
                    "penstock: cannot read /nowhere/x.json: No such file or directory\n"
                ),
                (["trace", folder], 2, "penstock: cannot read \(folder): Is a directory\n"),
                (
                    ["trace", bad], 2,
                    "penstock: \(bad): line 2: 'format' of otherData must be a string, got 3\n"
                ),
                (
                    [
                        "serve", "--model-path", TestModels.tinyLlama, "--skip-tokenizer-init",
                        "--port", "0", "--trace", "/nowhere/x.json",
                    ], 2,
                    "penstock: --trace: cannot write /nowhere/x.json: "
                        + "No such file or directory\n"
                ),
            ]
            for (arguments, status, errors) in cases {
                let result = try await ChildProcess.run(Penstock.executable, arguments)
                #expect(result.status == status)
                #expect(result.output == "" && result.errors == errors)
            }
        }
    }

    @Test("a trace that does not fit on the disk is told of at the end of the server")
    func fullDisk() async throws {
        let server = try await ServerProcess([
            "--model-path", TestModels.tinyLlama, "--skip-tokenizer-init", "--trace", "/dev/full",
        ])
        let end = await server.interruptAndRead()
        #expect(end.status == 1)
        #expect(end.errors.contains("cannot write the trace to /dev/full: No space left on device"))
    }
}
