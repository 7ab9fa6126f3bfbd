import HTTPServer
import JSON
import PipelineTypes
import Testing

/// A generation from a prompt of so many tokens, worded for one of the routes.
private struct Wish: Sendable, CustomTestStringConvertible {
    var route: String
    var promptCount: Int
    /// nil leaves the limit out.
    var tokens: Int?

    /// The turn's marks around a chat's message.
    static let chatFrame = "<|turn|>user:\n<|turn|>assistant:"

    var body: JSONValue {
        let text = JSONValue.string(String(repeating: "x", count: promptCount))
        let limit = tokens.map { JSONValue.integer($0) } ?? .null
        switch route {
        case "/generate": return ["text": text, "sampling_params": ["max_new_tokens": limit]]
        case "/v1/completions": return ["prompt": text, "max_tokens": limit]
        default:
            // Two marks of a token each, 5 + 1 + 10 bytes of words.
            let content = String(repeating: "x", count: promptCount - 18)
            return [
                "messages": [["role": "user", "content": .string(content)]],
                "max_completion_tokens": limit,
            ]
        }
    }

    var testDescription: String {
        "\(route), \(promptCount) + \(tokens.map(String.init) ?? "any")"
    }
}

@Suite("The context length", .timeLimit(.minutes(1))) struct ContextLimitTests {
    private static let routes = ["/generate", "/v1/completions", "/v1/chat/completions"]

    private static func tooMany(_ prompt: Int, _ completion: Int) -> String {
        "Requested token count exceeds the model's maximum context length of 100 tokens. "
            + "You requested a total of \(prompt + completion) tokens: \(prompt) tokens from the "
            + "input messages and \(completion) tokens for the completion. Please reduce the "
            + "number of tokens in the input messages or the completion to fit within the limit."
    }

    @Test("what is asked for and does not fit is refused with the numbers", arguments: routes)
    func refused(route: String) async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine, model: TestModel.served(contextLength: 100)) { server in
            for (prompt, tokens) in [(60, 41), (99, 2), (100, 1), (60, 5000)] {
                let wish = Wish(route: route, promptCount: prompt, tokens: tokens)
                let answer = try await server.post(route, wish.body)
                #expect(answer.status == 400)
                let message = try answer.json["error"]?["message"]
                #expect(message == .string(Self.tooMany(prompt, tokens)))
            }
            let longer = Wish(route: route, promptCount: 101, tokens: 1)
            let answer = try await server.post(route, longer.body)
            #expect(answer.status == 400)
            #expect(
                answer.text.contains(
                    "The input (101 tokens) is longer than the model's context length "
                        + "(100 tokens)."))
        }
        #expect(engine.submissions.isEmpty)
    }

    @Test("a limit that was not given fills what the prompt leaves", arguments: routes)
    func filled(route: String) async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine, model: TestModel.served(contextLength: 100)) { server in
            for prompt in [95, 99] {
                let wish = Wish(route: route, promptCount: prompt)
                let answer = try await server.post(route, wish.body)
                #expect(answer.status == 200)
            }
            let full = try await server.post(route, Wish(route: route, promptCount: 100).body)
            #expect(full.status == 400)
            #expect(full.text.contains("Requested token count exceeds"))
        }
        #expect(engine.submissions.map(\.prompt.count) == [95, 99])
        for submission in engine.submissions {
            let left = 100 - submission.prompt.count
            #expect(submission.sampling.maxNewTokens ?? left == left)
        }
    }

    @Test("what fits exactly is served", arguments: routes) func exact(route: String) async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine, model: TestModel.served(contextLength: 100)) { server in
            for (prompt, tokens) in [(60, 40), (99, 1), (100, 0)] {
                let wish = Wish(route: route, promptCount: prompt, tokens: tokens)
                let answer = try await server.post(route, wish.body)
                #expect(answer.status == 200)
            }
        }
        #expect(engine.submissions.map(\.sampling.maxNewTokens) == [40, 1, 0])
    }

    @Test("scores of a prompt as long as the context are had without a token more")
    func scoresOfFullContext() async throws {
        let engine = ScriptedEngine(saying: "x", then: nil)
        try await withServer(engine, model: TestModel.served(contextLength: 100)) { server in
            let answer = try await server.post(
                "/v1/completions",
                [
                    "prompt": .string(String(repeating: "x", count: 100)), "max_tokens": 0,
                    "echo": true, "logprobs": 0,
                ])
            #expect(answer.status == 200)
        }
    }

    @Test("with --allow-auto-truncate prompts and limits are cut instead", arguments: routes)
    func truncated(route: String) async throws {
        let engine = ScriptedEngine(saying: "x")
        let model = try TestModel.served(contextLength: 100, truncates: true)
        try await withServer(engine, model: model) { server in
            let wishes: [(Int, Int?)] = [
                (60, 5000), (100, 8), (100_000, 8), (101, nil), (101, 0), (60, 7),
            ]
            for (prompt, tokens) in wishes {
                let wish = Wish(route: route, promptCount: prompt, tokens: tokens)
                let answer = try await server.post(route, wish.body)
                #expect(answer.status == 200)
            }
        }
        let submissions = engine.submissions
        #expect(submissions.map(\.prompt.count) == [60, 99, 99, 99, 100, 60])
        #expect(submissions.map { $0.sampling.maxNewTokens ?? 1 } == [40, 1, 1, 1, 0, 7])
    }

    @Test("a cut prompt loses the scores of what was cut") func truncatedScores() async throws {
        let engine = ScriptedEngine(saying: "x")
        let model = try TestModel.served(contextLength: 100, truncates: true)
        try await withServer(engine, model: model) { server in
            for start in [0, 98, 99, 100] {
                let answer = try await server.post(
                    "/generate",
                    [
                        "text": .string(String(repeating: "x", count: 200)),
                        "return_logprob": true, "logprob_start_len": .integer(start),
                    ])
                #expect(answer.status == 200)
                guard
                    case .array(let scores)? = try answer.json["meta_info"]?[
                        "input_token_logprobs"]
                else {
                    Issue.record("no scores from \(start)")
                    continue
                }
                #expect(scores.count == max(99 - start, 0))
            }
        }
    }

    @Test("text that is much too long is refused before it is encoded", arguments: routes)
    func hugeText(route: String) async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            let text = String(repeating: " ", count: 10_000_000)
            let body: JSONValue =
                switch route {
                case "/generate": ["text": .string(text)]
                case "/v1/completions": ["prompt": .string(text)]
                default: ["messages": [["role": "user", "content": .string(text)]]]
                }
            let began = ContinuousClock.now
            let answer = try await server.post(route, body)
            // To encode it takes ten seconds.
            #expect(ContinuousClock.now - began < .seconds(3))
            #expect(answer.status == 400)
            let json = try answer.json
            guard case .string(let message)? = json["error"]?["message"] else {
                Issue.record("no message")
                return
            }
            #expect(message.hasPrefix("The input (at least "))
            #expect(
                message.hasSuffix(
                    " tokens) is longer than the model's context length (4096 tokens)."))
            if route != "/generate" { #expect(json["code"] == "context_length_exceeded") }
        }
        #expect(engine.submissions.isEmpty)
    }

    @Test("a text of which the bytes allow what the tokens do not is encoded in part only")
    func longText() async throws {
        try await withServer(
            ScriptedEngine(saying: "x"), model: TestModel.served(contextLength: 100)
        ) { server in
            // The longest token has eight bytes, and these words have a token for each.
            let text = String(repeating: "a b ", count: 190)
            let answer = try await server.post("/generate", ["text": .string(text)])
            #expect(answer.status == 400)
            #expect(answer.text.contains("The input (at least 40"))
            let shorter = try await server.post(
                "/generate", ["text": .string(String(text.prefix(300)))])
            #expect(shorter.text.contains("The input (300 tokens)"))
            let tokens = try await server.post("/tokenize", ["prompt": .string(text)])
            #expect(try tokens.json["count"] == 760)
        }
    }
}
