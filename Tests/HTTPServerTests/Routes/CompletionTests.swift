import HTTPServer
import JSON
import PipelineTypes
import Testing

@Suite("/v1/completions") struct CompletionTests {
    private static let path = "/v1/completions"

    @Test("a prompt is continued for 16 tokens unless told otherwise") func answers() async throws {
        let engine = ScriptedEngine(saying: "0123456789abcdefghij")
        try await withServer(engine) { server in
            let json = try await server.post(Self.path, ["prompt": "hello"]).json
            #expect(json["object"] == "text_completion")
            #expect(json["choices"]?[0]?["text"] == "0123456789abcdef")
            #expect(json["choices"]?[0]?["finish_reason"] == "length")
            #expect(json["choices"]?[0]?["matched_stop"] == .null)
            #expect(json["usage"]?["completion_tokens"] == 16)
        }
        // "hello" with its merges: he ll o.
        #expect(engine.submissions.map(\.prompt) == [[259, 260, 111]])
    }

    @Test("a prompt may be a text, several, token ids, or several lists of them")
    func promptForms() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            for prompt in ["A", ["A", "BC"], [65, 66], [[65], [66, 67]]] as [JSONValue] {
                let answer = try await server.post(Self.path, ["prompt": prompt])
                #expect(answer.status == 200)
            }
        }
        #expect(
            engine.submissions.map(\.prompt) == [
                [65], [65], [66, 67], [65, 66], [65], [66, 67],
            ])
    }

    @Test("choices of several prompts are numbered prompt by prompt") func numbersChoices()
        async throws
    {
        let engine = ScriptedEngine { $0.events(for: [$0.prompt[0] + 1]) }
        try await withServer(engine) { server in
            let json = try await server.post(
                Self.path, ["prompt": ["A", "C"], "n": 2, "max_tokens": 1]
            ).json
            guard case .array(let choices)? = json["choices"] else {
                Issue.record("no choices")
                return
            }
            #expect(choices.map { $0["index"] } == [0, 1, 2, 3])
            #expect(choices.map { $0["text"] } == ["B", "B", "D", "D"])
            #expect(json["usage"]?["prompt_tokens"] == 2)
            #expect(json["usage"]?["completion_tokens"] == 4)
        }
    }

    @Test("every event of a stream has a text, and nothing else is sent unless asked for")
    func streams() async throws {
        try await withServer(ScriptedEngine(saying: "añb")) { server in
            let events = try await server.post(Self.path, ["prompt": "p", "stream": true]).events
            #expect(
                events.map { $0["choices"]?[0]?["text"] } == ["a", "ñ", "b", ""])
            #expect(events.last?["choices"]?[0]?["finish_reason"] == "stop")
            #expect(events.allSatisfy { $0["usage"] == nil })
            let withUsage = try await server.post(
                Self.path,
                ["prompt": "p", "stream": true, "stream_options": ["include_usage": true]]
            ).events
            #expect(withUsage.last?["choices"] == [])
            #expect(withUsage.last?["usage"]?["total_tokens"] == 6)
        }
    }

    @Test("stop strings are found across tokens and cut off, streamed or not")
    func stopsAtString() async throws {
        let engine = ScriptedEngine(saying: "one\ntwo\n\nthree", then: nil)
        try await withServer(engine) { server in
            let asked: JSONValue = ["prompt": "p", "stop": ["\n\n", "four"]]
            let choice = try await server.post(Self.path, asked).json["choices"]?[0]
            #expect(choice?["text"] == "one\ntwo")
            #expect(choice?["finish_reason"] == "stop")
            #expect(choice?["matched_stop"] == "\n\n")
            let events = try await server.post(
                Self.path, ["prompt": "p", "stop": "\n\n", "stream": true]
            ).events
            let texts = events.compactMap { event -> String? in
                guard case .string(let text)? = event["choices"]?[0]?["text"] else { return nil }
                return text
            }
            #expect(texts.joined() == "one\ntwo")
            #expect(texts.contains("\nt"))
        }
    }

    @Test("a sequence that a stop string ends is cancelled in the engine")
    func cancelsAtStopString() async throws {
        let engine = ScriptedEngine { _ in
            [.started(cachedTokens: 0)] + "ab.".utf8.map { .token(ScoredToken(token: TokenID($0))) }
        }
        try await withServer(engine) { server in
            let answer = try await server.post(Self.path, ["prompt": "p", "stop": "."])
            #expect(try answer.json["choices"]?[0]?["text"] == "ab")
        }
        #expect(engine.cancelled == [RequestID(0)])
    }

    @Test("echo puts the prompt before the text, streamed or not") func echoes() async throws {
        try await withServer(ScriptedEngine(saying: "yz")) { server in
            let asked: JSONValue = ["prompt": "héx", "echo": true]
            #expect(try await server.post(Self.path, asked).json["choices"]?[0]?["text"] == "héxyz")
            let events = try await server.post(
                Self.path, ["prompt": "héx", "echo": true, "stream": true]
            ).events
            #expect(events.map { $0["choices"]?[0]?["text"] } == ["héxy", "z", ""])
            let none = try await server.post(
                Self.path, ["prompt": "héx", "echo": true, "max_tokens": 0]
            ).json["choices"]?[0]
            #expect(none?["text"] == "héx")
            #expect(none?["finish_reason"] == "length")
        }
    }

    @Test("echoed log probabilities score every prompt token but the first", arguments: [0, 1])
    func scoresPrompts(maxTokens: Int) async throws {
        let engine = ScriptedEngine(saying: "z")
        try await withServer(engine) { server in
            let answer = try await server.post(
                Self.path,
                [
                    "prompt": [72, 101, 108, 111], "max_tokens": .integer(maxTokens),
                    "logprobs": 1, "echo": true, "temperature": 0, "seed": 1234,
                ])
            let logprobs = try #require(try answer.json["choices"]?[0]?["logprobs"])
            let tokens: [TokenID] = [72, 101, 108, 111] + (maxTokens == 1 ? [122] : [])
            #expect(
                logprobs["tokens"]
                    == .array(tokens.map { .string(String(UnicodeScalar(UInt8($0)))) }))
            let scores = tokens.indices.map { index -> JSONValue in
                guard index > 0 else { return .null }
                return .number(Double(TestModel.logprob(tokens[index], at: index)))
            }
            #expect(logprobs["token_logprobs"] == .array(scores))
            #expect(logprobs["text_offset"] == JSONValue(tokens.indices))
            for index in tokens.indices.dropFirst() {
                let text = String(UnicodeScalar(UInt8(tokens[index])))
                #expect(logprobs["top_logprobs"]?[index]?[text] == scores[index])
            }
            #expect(logprobs["top_logprobs"]?[0] == .null)
        }
    }

    @Test("the map of alternatives holds the token itself even if none were asked for")
    func mapsHoldTheToken() async throws {
        try await withServer(ScriptedEngine(saying: "ab", then: nil)) { server in
            let logprobs = try await server.post(
                Self.path, ["prompt": "p", "logprobs": 0, "max_tokens": 2]
            ).json["choices"]?[0]?["logprobs"]
            let own = JSONValue.number(Double(TestModel.logprob(97, at: 1)))
            #expect(logprobs?["top_logprobs"]?[0] == ["a": own])
        }
    }

    @Test("streamed log probabilities together are those of the whole")
    func streamsLogprobs() async throws {
        try await withServer(ScriptedEngine(saying: "añb")) { server in
            let whole = try await server.post(
                Self.path, ["prompt": "pq", "logprobs": 2, "echo": true]
            ).json["choices"]?[0]?["logprobs"]
            let events = try await server.post(
                Self.path, ["prompt": "pq", "logprobs": 2, "echo": true, "stream": true]
            ).events
            for key in ["tokens", "token_logprobs", "top_logprobs", "text_offset"] {
                let pieces = events.flatMap { event -> [JSONValue] in
                    guard case .array(let list)? = event["choices"]?[0]?["logprobs"]?[key] else {
                        return []
                    }
                    return list
                }
                #expect(whole?[key] == .array(pieces))
            }
        }
    }

    @Test("a probability of zero is written as -9999") func clampsLogprobs() async throws {
        let engine = ScriptedEngine { _ in
            let token = ScoredToken(token: 97, logprob: -.infinity)
            return [
                .started(cachedTokens: 0), .token(token), .ended(.finished(.length)),
            ]
        }
        try await withServer(engine) { server in
            let logprobs = try await server.post(
                Self.path, ["prompt": "p", "logprobs": 1, "max_tokens": 1]
            ).json["choices"]?[0]?["logprobs"]
            #expect(logprobs?["token_logprobs"] == [.number(-9999)])
        }
    }

    @Test("sampling parameters reach the engine as they were written")
    func passesParameters() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            let answer = try await server.post(
                Self.path,
                text: """
                    {"prompt": "p", "model": "test-model", "max_tokens": 9, "min_tokens": 2,
                     "temperature": 0.7, "top_p": 0.9, "top_k": 40, "min_p": 0.05,
                     "frequency_penalty": 0.1, "presence_penalty": -0.2,
                     "repetition_penalty": 1.1, "logit_bias": {"65": 5, "66": -100},
                     "seed": -1, "stop_token_ids": [10, 257], "user": "someone"}
                    """)
            #expect(answer.status == 200)
            _ = try await server.post(
                Self.path,
                ["prompt": "p", "top_k": -1, "ignore_eos": true, "temperature": 1e-9])
        }
        let sampling = try #require(engine.submissions.first).sampling
        var expected = SamplingParameters()
        expected.maxNewTokens = 9
        expected.minNewTokens = 2
        expected.temperature = 0.7
        expected.topP = 0.9
        expected.topK = 40
        expected.minP = 0.05
        expected.frequencyPenalty = 0.1
        expected.presencePenalty = -0.2
        expected.repetitionPenalty = 1.1
        expected.logitBias = [.init(token: 65, bias: 5), .init(token: 66, bias: -100)]
        expected.seed = UInt64.max
        expected.stopTokens = [TestModel.end, 10]
        #expect(sampling == expected)
        let second = try #require(engine.submissions.last).sampling
        #expect(second.topK == nil && second.stopTokens.isEmpty && second.temperature == 0)
    }
}
