import HTTPServer
import JSON
import Testing

@Suite("Fields of what the server does not have") struct UnbuiltFieldTests {
    private static let wishes: [(key: String, value: JSONValue)] = [
        ("lora_path", "adapter"), ("custom_logit_processor", "x"), ("return_hidden_states", true),
        ("modalities", ["text", "audio"]), ("audio", ["voice": "a"]), ("web_search_options", [:]),
        ("prediction", ["type": "content", "content": "x"]), ("documents", [["text": "x"]]),
        ("chat_template", "{{ 1 }}"), ("guided_json", [:]), ("guided_regex", "a"),
        ("guided_choice", ["a", "b"]), ("guided_grammar", "a"), ("structured_outputs", [:]),
        ("ebnf", "root ::= a"), ("regex", "a"), ("json_schema", "{}"), ("structural_tag", "{}"),
        ("stop_regex", "a"), ("use_beam_search", true), ("prompt_logprobs", 0),
        ("truncate_prompt_tokens", 5), ("bad_words", ["a"]), ("allowed_token_ids", [1]),
        ("session_params", ["id": "a"]), ("image_data", "x"), ("audio_data", ["x"]),
        ("video_data", "x"), ("input_embeds", [[0.5]]), ("prompt_embeds", "x"),
        ("logits_processors", ["x"]),
    ]

    private static let bodies: [(path: String, body: JSONValue)] = [
        ("/generate", ["text": "x"]), ("/v1/completions", ["prompt": "x"]),
        ("/v1/chat/completions", ["messages": [["role": "user", "content": "x"]]]),
    ]

    private static func body(_ body: JSONValue, _ key: String, _ value: JSONValue) -> JSONValue {
        guard case .object(var members) = body else { return body }
        members[key] = value
        return .object(members)
    }

    @Test("are refused by name on every route that generates", arguments: bodies.map(\.path))
    func refused(path: String) async throws {
        let body = try #require(Self.bodies.first { $0.path == path }).body
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            for (key, value) in Self.wishes {
                let answer = try await server.post(path, Self.body(body, key, value))
                #expect(answer.status == 400, "\(key)")
                let name = key == "modalities" ? "modalities other than text" : key
                #expect(
                    try answer.json["error"]?["message"]
                        == .string("\(name) is not supported yet."))
            }
        }
        #expect(engine.submissions.isEmpty)
    }

    @Test("pass with values that ask for nothing", arguments: bodies.map(\.path))
    func nothingAskedFor(path: String) async throws {
        let body = try #require(Self.bodies.first { $0.path == path }).body
        try await withServer(ScriptedEngine(saying: "x")) { server in
            for (key, _) in Self.wishes {
                let values: [JSONValue] =
                    key == "modalities" ? [nil, [], ["text"]] : [nil, false, [], "", [nil]]
                for value in values {
                    let answer = try await server.post(path, Self.body(body, key, value))
                    #expect(answer.status == 200, "\(key): \(value)")
                }
            }
            let unknown = try await server.post(path, Self.body(body, "user_mood", "good"))
            #expect(unknown.status == 200)
        }
    }

    @Test(
        "log probabilities that are not asked for are checked all the same",
        arguments: [
            ("top_logprobs_num", -1, "top_logprobs_num must be in [0, 256], got -1."),
            ("logprob_start_len", -5, "logprob_start_len must be in [-1, 1], got -5."),
        ] as [(String, Int, String)])
    func idleLogprobs(key: String, value: Int, message: String) async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            let answer = try await server.post("/generate", ["text": "x", key: .integer(value)])
            #expect(answer.status == 400)
            #expect(try answer.json["error"]?["message"] == .string(message))
        }
    }
}
