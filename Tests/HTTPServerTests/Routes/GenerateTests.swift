import HTTPServer
import JSON
import PipelineTypes
import Testing

@Suite("/generate") struct GenerateTests {
    private static let path = "/generate"

    @Test("a prompt is answered with text, ids and what there is to know about them")
    func answers() async throws {
        let engine = ScriptedEngine { $0.events(for: [72, 105, TestModel.end], cachedTokens: 2) }
        try await withServer(engine) { server in
            let json = try await server.post(
                Self.path, ["text": "abc", "rid": "mine", "sampling_params": ["temperature": 0]]
            ).json
            #expect(json["text"] == "Hi")
            #expect(json["output_ids"] == [72, 105, 257])
            let meta = json["meta_info"]
            #expect(meta?["id"] == "mine")
            #expect(meta?["finish_reason"] == ["type": "stop", "matched": 257])
            #expect(meta?["prompt_tokens"] == 3)
            #expect(meta?["completion_tokens"] == 3)
            #expect(meta?["cached_tokens"] == 2)
            guard case .number(let seconds)? = meta?["e2e_latency"] else {
                Issue.record("no e2e_latency")
                return
            }
            #expect(seconds > 0 && seconds < 20)
            #expect(meta?["output_token_logprobs"] == nil)
        }
        #expect(engine.submissions.first?.sampling.maxNewTokens == 128)
    }

    @Test("it ends with the length, a stop string, or a stop token") func finishReasons()
        async throws
    {
        try await withServer(ScriptedEngine(saying: "a.b")) { server in
            func reason(_ sampling: JSONValue) async throws -> JSONValue? {
                let body: JSONValue = ["input_ids": [1], "sampling_params": sampling]
                return try await server.post(Self.path, body).json["meta_info"]?["finish_reason"]
            }
            let length = try await reason(["max_new_tokens": 2])
            #expect(length == ["type": "length", "length": 2])
            let string = try await reason(["stop": "."])
            #expect(string == ["type": "stop", "matched": "."])
            let token = try await reason(["stop_token_ids": [97]])
            #expect(token == ["type": "stop", "matched": 97])
        }
    }

    @Test("a stream repeats all output in every event and counts its tokens")
    func streams() async throws {
        try await withServer(ScriptedEngine(saying: "añ")) { server in
            let events = try await server.post(
                Self.path, ["text": "p", "stream": true]
            ).events
            #expect(events.map { $0["text"] } == ["a", "a", "añ", "añ", "añ"])
            #expect(
                events.map { $0["output_ids"] } == [
                    [97], [97, 195], [97, 195, 177], [97, 195, 177, 257], [97, 195, 177, 257],
                ])
            #expect(
                events.map { $0["meta_info"]?["completion_tokens"] } == [1, 2, 3, 4, 4])
            #expect(
                events.map { $0["meta_info"]?["finish_reason"] } == [
                    .null, .null, .null, .null, ["type": "stop", "matched": 257],
                ])
            #expect(events.dropLast().allSatisfy { $0["meta_info"]?["e2e_latency"] == nil })
            #expect(events.last?["meta_info"]?["e2e_latency"] != nil)
            #expect(events.allSatisfy { $0["index"] == nil })
        }
    }

    @Test("a batch gives a list, in the order of its prompts") func batches() async throws {
        let engine = ScriptedEngine { $0.events(for: [$0.prompt[0] + 1]) }
        try await withServer(engine) { server in
            let sampling: JSONValue = ["max_new_tokens": 1]
            let texts = try await server.post(
                Self.path, ["text": ["A", "C"], "sampling_params": sampling, "rid": ["x", "y"]]
            ).json
            #expect(texts[0]?["text"] == "B" && texts[1]?["text"] == "D")
            #expect(texts[0]?["meta_info"]?["id"] == "x" && texts[1]?["meta_info"]?["id"] == "y")
            let ids = try await server.post(
                Self.path,
                [
                    "input_ids": [[70], [72]],
                    "sampling_params": [["max_new_tokens": 1], ["max_new_tokens": 0]],
                ]
            ).json
            #expect(ids[0]?["output_ids"] == [71] && ids[1]?["output_ids"] == [])
            let choices = try await server.post(
                Self.path, ["text": "A", "sampling_params": ["n": 3, "max_new_tokens": 1]]
            ).json
            #expect(choices[2]?["text"] == "B" && choices[3] == nil)
        }
    }

    @Test("the events of a streamed batch carry an index") func streamsBatch() async throws {
        try await withServer(ScriptedEngine { $0.events(for: [$0.prompt[0] + 1, 33]) }) { server in
            let events = try await server.post(
                Self.path,
                ["text": ["A", "C"], "stream": true, "sampling_params": ["max_new_tokens": 2]]
            ).events
            for (index, texts) in [["B", "B!", "B!"], ["D", "D!", "D!"]].enumerated() {
                let own = events.filter { $0["index"] == .integer(index) }
                #expect(own.map { $0["text"] } == texts.map { .string($0) })
            }
        }
    }

    @Test("log probabilities come as triples, the prompt's from where they were asked for")
    func logprobs() async throws {
        try await withServer(ScriptedEngine(saying: "yz", then: nil)) { server in
            let meta = try await server.post(
                Self.path,
                [
                    "input_ids": [65, 66, 67], "return_logprob": true, "logprob_start_len": 1,
                    "top_logprobs_num": 2, "token_ids_logprob": [10, 11],
                    "return_text_in_logprobs": true, "sampling_params": ["max_new_tokens": 2],
                ]
            ).json["meta_info"]
            func triple(_ token: TokenID, at position: Int, minus: Float = 0) -> JSONValue {
                let logprob = TestModel.logprob(token, at: position) - minus
                return [
                    .number(Double(logprob)), .integer(Int(token)),
                    .string(String(UnicodeScalar(UInt8(token)))),
                ]
            }
            #expect(
                meta?["input_token_logprobs"] == [[nil, 66, "B"], triple(67, at: 2)])
            #expect(
                meta?["input_top_logprobs"] == [
                    nil, [triple(67, at: 2), triple(68, at: 2, minus: 1)],
                ])
            #expect(
                meta?["output_token_logprobs"] == [triple(121, at: 3), triple(122, at: 4)])
            #expect(meta?["output_top_logprobs"]?[1]?[0] == triple(122, at: 4))
            #expect(
                meta?["output_token_ids_logprobs"]?[0] == [triple(10, at: 3), triple(11, at: 3)])
            #expect(meta?["input_token_ids_logprobs"]?[0] == .null)
        }
    }

    @Test("log probabilities of the whole prompt, of none, and of its last token alone")
    func logprobStarts() async throws {
        let engine = ScriptedEngine(saying: "y", then: nil)
        try await withServer(engine) { server in
            func prompt(_ start: JSONValue) async throws -> JSONValue? {
                try await server.post(
                    Self.path,
                    [
                        "input_ids": [65, 66, 67], "return_logprob": true,
                        "logprob_start_len": start, "sampling_params": ["max_new_tokens": 1],
                    ]
                ).json["meta_info"]?["input_token_logprobs"]
            }
            func entry(_ token: TokenID, at position: Int) -> JSONValue {
                [
                    .number(Double(TestModel.logprob(token, at: position))), .integer(Int(token)),
                    nil,
                ]
            }
            let whole = try await prompt(0)
            #expect(whole == [[nil, 65, nil], entry(66, at: 1), entry(67, at: 2)])
            let last = try await prompt(2)
            #expect(last == [[nil, 67, nil]])
            for start in [3, -1, nil] as [JSONValue] {
                let none = try await prompt(start)
                #expect(none == [])
            }
        }
        #expect(engine.submissions.map(\.logprobs.promptStart) == [1, nil, nil, nil, nil])
    }

    @Test("the events of a stream repeat the log probabilities so far") func streamsLogprobs()
        async throws
    {
        try await withServer(ScriptedEngine(saying: "yz", then: nil)) { server in
            let events = try await server.post(
                Self.path,
                [
                    "input_ids": [65, 66], "return_logprob": true, "logprob_start_len": 0,
                    "stream": true, "sampling_params": ["max_new_tokens": 2],
                ]
            ).events
            let counts = events.map { event -> Int in
                guard case .array(let list)? = event["meta_info"]?["output_token_logprobs"] else {
                    return -1
                }
                return list.count
            }
            #expect(counts == [1, 2, 2])
            #expect(events.allSatisfy { $0["meta_info"]?["input_token_logprobs"]?[1] != nil })
        }
    }

    @Test("a stream interval leaves events out but no tokens") func streamInterval() async throws {
        var options = HTTPServerOptions()
        options.streamInterval = 3
        try await withServer(ScriptedEngine(saying: "abcdefgh"), options: options) { server in
            let events = try await server.post(Self.path, ["text": "p", "stream": true]).events
            #expect(events.map { $0["text"] } == ["a", "abcd", "abcdefg", "abcdefgh"])
        }
    }

    @Test("without a tokenizer, ids go in and ids come out") func skipsTokenizer() async throws {
        let model = try TestModel.served(skipsTokenizer: true)
        try await withServer(ScriptedEngine(saying: "yz"), model: model) { server in
            let json = try await server.post(Self.path, ["input_ids": [65]]).json
            #expect(json["output_ids"] == [121, 122, 257])
            #expect(json["text"] == nil)
            let cases: [(String, JSONValue)] = [
                (Self.path, ["text": "p"]),
                (Self.path, ["input_ids": [65], "sampling_params": ["stop": "."]]),
                ("/v1/completions", ["prompt": [65]]),
                ("/v1/chat/completions", ["messages": [["role": "user", "content": "x"]]]),
                ("/tokenize", ["prompt": "x"]), ("/detokenize", ["tokens": [65]]),
            ]
            for (path, body) in cases {
                let answer = try await server.post(path, body)
                #expect(answer.status == 400)
                #expect(answer.text.contains("tokenizer"))
            }
        }
    }
}
