import HTTPServer
import JSON
import PipelineTypes
import Testing

/// A request that must be refused, and what the refusal says.
struct BadRequest: Sendable, CustomTestStringConvertible {
    var path: String
    var body: String
    var message: String
    var status = 400

    var testDescription: String {
        "\(path) \(body.prefix(80))"
    }

    static func chat(_ body: String, _ message: String, status: Int = 400) -> BadRequest {
        BadRequest(path: "/v1/chat/completions", body: body, message: message, status: status)
    }

    /// A chat whose only fault is among these members.
    static func chat(with members: String, _ message: String, status: Int = 400) -> BadRequest {
        chat(
            #"{"messages":[{"role":"user","content":"x"}],"# + members + "}", message,
            status: status)
    }

    static func completion(_ body: String, _ message: String, status: Int = 400) -> BadRequest {
        BadRequest(path: "/v1/completions", body: body, message: message, status: status)
    }

    static func generate(_ body: String, _ message: String, status: Int = 400) -> BadRequest {
        BadRequest(path: "/generate", body: body, message: message, status: status)
    }

    /// A generation whose only fault is among these sampling parameters.
    static func sampling(_ members: String, _ message: String) -> BadRequest {
        generate(#"{"input_ids":[1],"sampling_params":{"# + members + "}}", message)
    }
}

@Suite("Bad requests") struct BadRequestTests {
    static let bodies: [BadRequest] = [
        .chat("", "The request body is not valid JSON: unexpected end of the text (byte 0)."),
        .chat("{", "The request body is not valid JSON: expected a key in quotes (byte 1)."),
        .chat(
            String(repeating: "[", count: 100_000),
            "The request body is not valid JSON: nested more than 128 levels deep (byte 128)."),
        .chat("\u{FEFF}[]", "The request body: expected an object, got a list."),
        .chat("[]", "The request body: expected an object, got a list."),
        .chat("null", "The request body: expected an object, got null."),
        .chat("{}", "messages: the field is required."),
        .chat(#"{"messages":"hi"}"#, "messages: expected a list, got a string."),
        .chat(#"{"messages":[]}"#, "messages: at least one message is required."),
        .chat(#"{"messages":[1]}"#, "messages[0]: expected an object, got a number."),
        .chat(#"{"messages":[{"content":"x"}]}"#, "messages[0].role: the field is required."),
        .chat(#"{"messages":[{"role":1}]}"#, "messages[0].role: expected a string, got a number."),
        .chat(#"{"messages":[{"role":"user"}]}"#, "messages[0].content: the field is required."),
        .chat(
            #"{"messages":[{"role":"user","content":"x"},{"role":"user","content":5}]}"#,
            "messages[1].content: expected a string or a list of parts, got a number."),
        .chat(
            #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}"#,
            "messages[0].content[0].type: image_url is not supported yet; only text is."),
        .chat(
            #"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
            "messages[0].content[0].text: the field is required."),
        .chat(
            #"{"messages":[{"role":"user","content":"x"},{"role":"critic","content":"no"}]}"#,
            "messages[1].role: 'critic' is none of system, developer, user, assistant, tool, "
                + "function."),
        .chat(
            #"{"messages":[{"role":"user","content":"boo"}]}"#,
            "messages: the model's chat template does not allow this conversation: "
                + "critics may not speak"),
        .chat(with: #""echo":true"#, "echo is not supported yet."),
        .chat(with: #""best_of":2"#, "best_of other than n is not supported yet."),
        .chat(with: #""model":"gpt-4o""#, "The model 'gpt-4o' does not exist.", status: 404),
        .chat(with: #""model":3"#, "model: expected a string, got a number."),
        .chat(with: #""temperature":-1"#, "temperature must be non-negative, got -1.0."),
        .chat(with: #""temperature":"hot""#, "temperature: expected a number, got a string."),
        .chat(with: #""temperature":1e400"#, "temperature must be a finite number, got inf."),
        .chat(with: #""temperature":1e39"#, "temperature must be a finite number, got 1e+39."),
        .chat(
            with: #""temperature":NaN"#,
            "The request body is not valid JSON: expected a value (byte 58)."),
        .chat(with: #""top_p":0"#, "top_p must be in (0, 1], got 0.0."),
        .chat(with: #""top_k":0"#, "top_k must be -1 (disable) or at least 1, got 0."),
        .chat(with: #""top_k":1.5"#, "top_k must be a 64-bit integer, got 1.5."),
        .chat(with: #""n":0"#, "n must be in [1, 128], got 0."),
        .chat(with: #""n":129"#, "n must be in [1, 128], got 129."),
        .chat(with: #""max_tokens":-5"#, "max_tokens must be at least 0, got -5."),
        .chat(
            with: #""max_completion_tokens":18446744073709551616"#,
            "max_completion_tokens must be a 64-bit integer, got 1.8446744073709552e+19."),
        .chat(
            with: #""max_tokens":5,"min_tokens":6"#,
            "min_tokens must be at most max_completion_tokens (5), got 6."),
        .chat(with: #""seed":"x""#, "seed: expected an integer, got a string."),
        .chat(with: #""stop":"""#, "stop must not contain an empty string."),
        .chat(with: #""stop":[1]"#, "stop[0]: expected a string, got a number."),
        .chat(with: #""stop":{}"#, "stop: expected a string or a list of strings, got an object."),
        .chat(
            with: #""stop_token_ids":[-1]"#,
            "stop_token_ids[0]: token id -1 is outside the vocabulary (262 tokens)."),
        .chat(with: #""logit_bias":{"x":1}"#, "logit_bias: 'x' is not a token id below 262."),
        .chat(with: #""logit_bias":{"262":1}"#, "logit_bias: '262' is not a token id below 262."),
        .chat(with: #""logit_bias":{"1":101}"#, "logit_bias must be in [-100, 100], got 101.0."),
        .chat(with: #""logit_bias":{"1":"a"}"#, "logit_bias.1: expected a number, got a string."),
        .chat(with: #""logit_bias":[1]"#, "logit_bias: expected an object, got a list."),
        .chat(with: #""top_logprobs":1"#, "top_logprobs needs logprobs to be true."),
        .chat(
            with: #""logprobs":true,"top_logprobs":21"#,
            "top_logprobs must be in [0, 20], got 21."),
        .chat(with: #""logprobs":5"#, "logprobs: expected a boolean, got a number."),
        .chat(with: #""stream":"yes""#, "stream: expected a boolean, got a string."),
        .chat(with: #""stream_options":1"#, "stream_options: expected an object, got a number."),
        .chat(
            with: #""response_format":{"type":"json_object"}"#,
            "response_format json_object is not supported yet."),
        .chat(with: #""tool_choice":"required""#, "tool_choice required is not supported yet."),
        .chat(with: #""tools":[1]"#, "tools[0]: expected an object, got a number."),
        .chat(with: #""functions":[{}]"#, "functions (use tools) is not supported yet."),
        .chat(
            with: #""repetition_penalty":0"#, "repetition_penalty must be in (0, 2], got 0.0."),
        .completion("{}", "prompt: the field is required."),
        .completion(#"{"prompt":""}"#, "The prompt is empty."),
        .completion(#"{"prompt":[]}"#, "The prompt is empty."),
        .completion(#"{"prompt":[[]]}"#, "The prompt is empty."),
        .completion(
            #"{"prompt":7}"#, "prompt: expected a string or a list of token ids, got a number."),
        .completion(
            #"{"prompt":[1,-1]}"#,
            "prompt[1]: token id -1 is outside the vocabulary (262 tokens)."),
        .completion(
            #"{"prompt":[1,4294967297]}"#,
            "prompt[1]: token id 4294967297 is outside the vocabulary (262 tokens)."),
        .completion(#"{"prompt":[1,1.5]}"#, "prompt[1]: expected a token id, got 1.5."),
        .completion(#"{"prompt":[1,"a"]}"#, "prompt[1]: expected a token id, got a string."),
        .completion(
            #"{"prompt":["a",1]}"#,
            "prompt[1]: expected a string or a list of token ids, got a number."),
        .completion(#"{"prompt":"x","logprobs":21}"#, "logprobs must be in [0, 20], got 21."),
        .completion(#"{"prompt":"x","suffix":"y"}"#, "suffix is not supported yet."),
        .completion(#"{"prompt":"x","best_of":2}"#, "best_of other than n is not supported yet."),
        .completion(#"{"prompt":"x","regex":"a*"}"#, "regex is not supported yet."),
        .generate("{}", "Exactly one of text and input_ids must be given."),
        .generate(
            #"{"text":"a","input_ids":[1]}"#, "Exactly one of text and input_ids must be given."),
        .generate(#"{"text":5}"#, "text: expected a string or a list of strings, got a number."),
        .generate(#"{"input_ids":5}"#, "input_ids: expected a list of token ids, got a number."),
        .generate(#"{"input_ids":[]}"#, "The prompt is empty."),
        .generate(
            #"{"input_ids":[[1],[999]]}"#,
            "input_ids[1][0]: token id 999 is outside the vocabulary (262 tokens)."),
        .generate(#"{"text":"a","image_data":"x"}"#, "image_data is not supported yet."),
        .generate(
            #"{"input_ids":[1],"return_logprob":true,"logprob_start_len":2}"#,
            "logprob_start_len must be in [-1, 1], got 2."),
        .generate(
            #"{"input_ids":[[1],[2]],"return_logprob":[true]}"#,
            "return_logprob: a list must have one entry for each prompt (2), got 1."),
        .generate(
            #"{"input_ids":[1],"return_logprob":true,"top_logprobs_num":100000}"#,
            "top_logprobs_num must be in [0, 256], got 100000."),
        .sampling(#""top_p":2"#, "top_p must be in (0, 1], got 2.0."),
        .sampling(#""min_p":-0.1"#, "min_p must be in [0, 1], got -0.1."),
        .sampling(
            #""max_new_tokens":"all""#,
            "sampling_params.max_new_tokens: expected an integer, got a string."),
        .sampling(
            #""temprature":1"#, "sampling_params: 'temprature' is not a sampling parameter."),
        .sampling(#""json_schema":"{}""#, "json_schema is not supported yet."),
        .sampling(
            #""frequency_penalty":3"#, "frequency_penalty must be in [-2, 2], got 3.0."),
    ]

    @Test("each has its status and one clear message, and the server goes on serving")
    func refusals() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            for request in Self.bodies {
                let answer = try await server.post(request.path, text: request.body)
                let comment = Comment(rawValue: request.testDescription)
                #expect(answer.status == request.status, comment)
                let json = try answer.json
                #expect(json["error"]?["message"] == .string(request.message), comment)
                if request.path != "/generate" {
                    #expect(json["message"] == .string(request.message), comment)
                }
            }
            #expect(engine.submissions.isEmpty)
            let answer = try await server.post("/v1/completions", ["prompt": "x"])
            #expect(answer.status == 200)
        }
    }

    @Test("on OpenAI's routes an error is both flat and nested, and names the field")
    func openAIShape() async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            let json = try await server.post(
                "/v1/completions", ["prompt": "x", "temperature": -1]
            ).json
            let details: [(String, JSONValue)] = [
                ("message", "temperature must be non-negative, got -1.0."),
                ("type", "BadRequestError"), ("param", "temperature"), ("code", 400),
            ]
            #expect(json["object"] == "error")
            for (key, value) in details {
                #expect(json[key] == value && json["error"]?[key] == value)
            }
            let unknown = try await server.post("/v1/completions", ["model": "m", "prompt": "x"])
            #expect(try unknown.json["code"] == "model_not_found")
        }
    }

    @Test("on /generate an error is a message") func nativeShape() async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            let json = try await server.post("/generate", ["text": ""]).json
            #expect(json == ["error": ["message": "The prompt is empty."]])
        }
    }

    @Test("a body over the limit is refused, whether or not it says so beforehand")
    func bodyLimit() async throws {
        var options = HTTPServerOptions()
        options.bodyBytesMax = 1000
        try await withServer(ScriptedEngine(saying: "x"), options: options) { server in
            let text = String(repeating: "x", count: 5000)
            let answer = try await server.post("/v1/completions", ["prompt": .string(text)])
            #expect(answer.status == 413)
            #expect(
                try answer.json["message"] == "The request body is longer than 1000 bytes.")
            let next = try await server.post("/v1/completions", ["prompt": "x"])
            #expect(next.status == 200)
        }
    }

    @Test("a prompt of hundreds of thousands of tokens is served") func longPrompt() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine, model: TestModel.served(contextLength: 1 << 20)) { server in
            let ids = (0..<300_000).map { $0 % 256 }
            let answer = try await server.post("/generate", ["input_ids": JSONValue(ids)])
            #expect(try answer.json["meta_info"]?["prompt_tokens"] == 300_000)
            #expect(engine.submissions.first?.prompt == ids.map { TokenID($0) })
            let text = String(repeating: "long ", count: 60_000)
            let second = try await server.post("/v1/completions", ["prompt": .string(text)])
            #expect(try second.json["usage"]?["prompt_tokens"] == 300_000)
        }
    }

    @Test("too many sequences or prompt scores are refused, however they are asked for")
    func limits() async throws {
        let model = try TestModel.served(contextLength: 1 << 20)
        try await withServer(ScriptedEngine(saying: "x"), model: model) { server in
            let many = try await server.post(
                "/v1/completions",
                ["prompt": .array(Array(repeating: "x", count: 1000)), "n": 128])
            #expect(many.status == 400)
            #expect(many.text.contains("128000 sequences"))
            let ids = JSONValue(Array(repeating: 1, count: 100_000))
            let scores = try await server.post(
                "/generate",
                [
                    "input_ids": ids, "return_logprob": true, "logprob_start_len": 0,
                    "top_logprobs_num": 256,
                ])
            #expect(scores.status == 400)
            #expect(scores.text.contains("prompt log probabilities"))
        }
    }

    @Test("unknown paths and methods are told apart") func paths() async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            let unknown = try await server.get("/v1/nothing")
            #expect(unknown.status == 404)
            #expect(try unknown.json["message"] == "There is no /v1/nothing on this server.")
            let method = try await server.get("/v1/completions")
            #expect(method.status == 405)
            #expect(try method.json["message"] == "/v1/completions takes POST, not GET.")
            let unbuilt = try await server.get("/metrics")
            #expect(unbuilt.status == 501)
            #expect(try unbuilt.json["message"] == "/metrics is not supported yet.")
        }
    }
}
