import HTTPServer
import HTTPTypes
import JSON
import PipelineTypes
import Testing
import Tokenization

@Suite("/v1/chat/completions") struct ChatTests {
    private static let path = "/v1/chat/completions"
    private let hello: JSONValue = ["messages": [["role": "user", "content": "hello"]]]

    private func request(_ members: (String, JSONValue)...) -> JSONValue {
        guard case .object(var object) = hello else { return hello }
        for (key, value) in members { object[key] = value }
        return .object(object)
    }

    @Test("a chat is answered with the model's text, why it ended, and what it cost")
    func answers() async throws {
        let engine = ScriptedEngine { $0.events(for: [72, 105, TestModel.end], cachedTokens: 3) }
        try await withServer(engine) { server in
            let answer = try await server.post(Self.path, hello)
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(json["object"] == "chat.completion")
            #expect(json["model"] == "test-model")
            let choice = json["choices"]?[0]
            #expect(choice?["message"] == ["role": "assistant", "content": "Hi"])
            #expect(choice?["finish_reason"] == "stop")
            #expect(choice?["matched_stop"] == 257)
            #expect(choice?["index"] == 0)
            #expect(choice?["logprobs"] == .null)
            let prompt = try #require(engine.submissions.first).prompt
            let counts: JSONValue = [
                "prompt_tokens": .integer(prompt.count), "completion_tokens": 3,
                "total_tokens": .integer(prompt.count + 3),
                "prompt_tokens_details": ["cached_tokens": 3],
            ]
            #expect(json["usage"] == counts)
        }
    }

    @Test("the prompt is what the model's template makes of the messages")
    func rendersTemplate() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            let answer = try await server.post(
                Self.path,
                [
                    "messages": [
                        ["role": "developer", "content": "be brief"],
                        [
                            "role": "user",
                            "content": [
                                ["type": "text", "text": "a"], ["type": "text", "text": "b"],
                            ],
                        ],
                    ]
                ])
            #expect(answer.status == 200)
        }
        let prompt = try #require(engine.submissions.first).prompt
        let text = try TestModel.makeTokenizer().decode(prompt, skipSpecialTokens: false)
        #expect(text == "<|turn|>system:be brief\n<|turn|>user:a b\n<|turn|>assistant:")
        #expect(prompt.filter { $0 == TestModel.turn }.count == 3)
    }

    @Test("tools and template variables reach the template") func passesTools() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            let tool: JSONValue = ["type": "function", "function": ["name": "add"]]
            let answer = try await server.post(
                Self.path,
                request(("tools", [tool]), ("chat_template_kwargs", ["style": "terse"])))
            #expect(answer.status == 200)
            _ = try await server.post(
                Self.path, request(("tools", [tool]), ("tool_choice", "none")))
        }
        let tokenizer = try TestModel.makeTokenizer()
        let texts = engine.submissions.map { tokenizer.decode($0.prompt, skipSpecialTokens: true) }
        #expect(texts.first?.contains(#"tools:[{"type": "function", "#) == true)
        #expect(texts.first?.contains("style:terse") == true)
        #expect(texts.last?.contains("tools:") == false)
    }

    @Test("a stream begins with the role, goes on with text, and ends with the reason")
    func streams() async throws {
        try await withServer(ScriptedEngine(saying: "Hé")) { server in
            let answer = try await server.post(Self.path, request(("stream", true)))
            #expect(answer.headers[.contentType]?.hasPrefix("text/event-stream") == true)
            let events = try answer.events
            #expect(events.map { $0["object"] }.allSatisfy { $0 == "chat.completion.chunk" })
            #expect(Set(events.map { $0["id"] }).count == 1)
            #expect(
                events.map { $0["choices"]?[0]?["delta"] } == [
                    ["role": "assistant", "content": ""], ["content": "H"], ["content": "é"], [:],
                ])
            #expect(
                events.map { $0["choices"]?[0]?["finish_reason"] } == [
                    .null, .null, .null, "stop",
                ])
            #expect(events.allSatisfy { $0["usage"] == nil })
        }
    }

    @Test("usage is streamed in an event of its own, only when asked for")
    func streamsUsage() async throws {
        try await withServer(ScriptedEngine(saying: "abc")) { server in
            let answer = try await server.post(
                Self.path, request(("stream", true), ("stream_options", ["include_usage": true])))
            let events = try answer.events
            let last = try #require(events.last)
            #expect(last["choices"] == [])
            #expect(last["usage"]?["completion_tokens"] == 4)
            #expect(events.dropLast().allSatisfy { $0["usage"] == .null })
        }
    }

    @Test("continuous usage comes with every event") func streamsContinuousUsage() async throws {
        try await withServer(ScriptedEngine(saying: "abc")) { server in
            let answer = try await server.post(
                Self.path,
                request(
                    ("stream", true),
                    (
                        "stream_options",
                        ["include_usage": true, "continuous_usage_stats": true]
                    )))
            let counts = try answer.events.compactMap { $0["usage"]?["completion_tokens"] }
            #expect(counts == [1, 1, 2, 3, 4, 4, 4])
        }
    }

    @Test("several choices differ in their seeds, the same ones for the same seed")
    func choices() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            let answer = try await server.post(Self.path, request(("n", 3), ("seed", 7)))
            let json = try answer.json
            guard case .array(let choices)? = json["choices"] else {
                Issue.record("no choices")
                return
            }
            #expect(choices.map { $0["index"] } == [0, 1, 2])
            #expect(json["usage"]?["completion_tokens"] == 6)
            let prompt = try #require(engine.submissions.first).prompt.count
            #expect(json["usage"]?["prompt_tokens"] == .integer(prompt))
        }
        #expect(engine.submissions.map(\.sampling.seed) == [7, 8, 9])
    }

    @Test("every choice of a stream has a role, text and an end of its own")
    func streamsChoices() async throws {
        try await withServer(ScriptedEngine(saying: "ab")) { server in
            let answer = try await server.post(Self.path, request(("n", 2), ("stream", true)))
            let choices = try answer.events.compactMap { $0["choices"]?[0] }
            for index in 0..<2 {
                let own = choices.filter { $0["index"] == .integer(index) }
                #expect(own.first?["delta"]?["role"] == "assistant")
                #expect(own.compactMap { $0["delta"]?["content"] } == ["", "a", "b"])
                #expect(own.last?["finish_reason"] == "stop")
            }
        }
    }

    @Test("log probabilities name token, bytes and alternatives") func logprobs() async throws {
        let engine = ScriptedEngine(saying: "é", then: nil)
        try await withServer(engine) { server in
            let answer = try await server.post(
                Self.path, request(("logprobs", true), ("top_logprobs", 2)))
            let prompt = try #require(engine.submissions.first).prompt.count
            let content = try answer.json["choices"]?[0]?["logprobs"]?["content"]
            let first = try #require(content?[0])
            #expect(first["token"] == "\u{FFFD}")
            #expect(first["bytes"] == [0xC3])
            let logprob = TestModel.logprob(0xC3, at: prompt)
            #expect(first["logprob"] == .number(Double(logprob)))
            #expect(first["top_logprobs"]?[0]?["bytes"] == [0xC3])
            #expect(first["top_logprobs"]?[1]?["bytes"] == [0xC4])
            #expect(content?[1]?["bytes"] == [0xA9])
            #expect(content?[2] == nil)
        }
    }

    @Test("streamed log probabilities are those of the same tokens at once")
    func streamsLogprobs() async throws {
        try await withServer(ScriptedEngine(saying: "é\n\n!")) { server in
            let asked: [(String, JSONValue)] = [
                ("logprobs", true), ("top_logprobs", 1), ("stop", "\n\n"),
            ]
            let whole = try await server.post(Self.path, request(asked[0], asked[1], asked[2]))
            let streamed = try await server.post(
                Self.path, request(asked[0], asked[1], asked[2], ("stream", true)))
            let content = try whole.json["choices"]?[0]?["logprobs"]?["content"]
            let pieces = try streamed.events.flatMap { event -> [JSONValue] in
                guard case .array(let entries)? = event["choices"]?[0]?["logprobs"]?["content"]
                else { return [] }
                return entries
            }
            #expect(content == .array(pieces))
            #expect(pieces.count == 4)
        }
    }

    @Test("without a limit of its own, a chat may fill the context") func defaultLimit()
        async throws
    {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            _ = try await server.post(Self.path, hello)
            _ = try await server.post(Self.path, request(("max_tokens", 5)))
            _ = try await server.post(
                Self.path, request(("max_tokens", 5), ("max_completion_tokens", 6)))
        }
        #expect(engine.submissions.map(\.sampling.maxNewTokens) == [nil, 5, 6])
    }

    @Test("messages without content are empty, but for a user's") func emptyContent() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            let call: JSONValue = [
                "id": "1", "type": "function", "function": ["name": "f", "arguments": "{}"],
            ]
            let answer = try await server.post(
                Self.path,
                [
                    "messages": [
                        ["role": "user", "content": "hi"],
                        ["role": "assistant", "content": nil, "tool_calls": [call]],
                        ["role": "tool", "tool_call_id": "1"],
                        ["role": "assistant"], ["role": "assistant", "tool_calls": [call]],
                    ]
                ])
            #expect(answer.status == 200)
            let user = try await server.post(
                Self.path, ["messages": [["role": "user", "content": nil]]])
            #expect(user.status == 400)
        }
        let prompt = try #require(engine.submissions.first).prompt
        #expect(
            try TestModel.makeTokenizer().decode(prompt, skipSpecialTokens: true)
                == "user:hi\nassistant:\ntool:\nassistant:\nassistant:\nassistant:")
    }

    @Test("the message that the template cannot take is named, with the reason at the end")
    func faultyMessage() async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            for index in 0..<5 {
                let messages = (0..<5).map { place -> JSONValue in
                    let mood: JSONValue = place == index ? ["name": "blue"] : nil
                    return ["role": "user", "content": "hi", "mood": mood]
                }
                let answer = try await server.post(Self.path, ["messages": .array(messages)])
                #expect(answer.status == 400)
                guard case .string(let message)? = try answer.json["message"] else {
                    Issue.record("no message")
                    return
                }
                #expect(
                    message.hasPrefix(
                        "messages[\(index)]: the model's chat template does not support this "
                            + "message (chat template, line "))
            }
        }
    }
}
