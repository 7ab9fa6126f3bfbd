import HTTPServer
import HTTPTypes
import JSON
import PipelineTypes
import Testing

@Suite("What the server tells of itself") struct ServerRouteTests {
    @Test("models are listed and looked up by name") func models() async throws {
        var model = try TestModel.served()
        model.name = "org/model"
        try await withServer(ScriptedEngine(saying: "x"), model: model) { server in
            let list = try await server.get("/v1/models").json
            #expect(list["object"] == "list")
            #expect(list["data"]?[0]?["id"] == "org/model")
            #expect(list["data"]?[0]?["max_model_len"] == 4096)
            let card = try await server.get("/v1/models/org/model")
            #expect(try card.json == list["data"]?[0])
            #expect(try await server.get("/v1/models/org%2Fmodel").status == 200)
            let unknown = try await server.get("/v1/models/other")
            #expect(unknown.status == 404)
            #expect(try unknown.json["code"] == "model_not_found")
        }
    }

    @Test("a request may name the model, its path, or nothing") func names() async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            for name in ["test-model", "/models/test-model", "default"] as [JSONValue] {
                let answer = try await server.post(
                    "/v1/completions", ["model": name, "prompt": "x"])
                #expect(answer.status == 200)
            }
        }
    }

    @Test("model and server info have what benchmarks read", arguments: ["", "get_"])
    func info(prefix: String) async throws {
        var options = HTTPServerOptions()
        options.reportedSettings["pp_size"] = 2
        let engine = ScriptedEngine(saying: "x")
        engine.setStatus(
            EngineStatus(
                phase: .ready, runningRequests: 3, queuedRequests: 4, usedTokens: 5,
                tokenCapacity: 640))
        try await withServer(engine, options: options) { server in
            let model = try await server.get("/\(prefix)model_info").json
            #expect(model["model_path"] == "/models/test-model")
            #expect(model["tokenizer_path"] == "/models/test-model")
            #expect(model["is_generation"] == true)
            let info = try await server.get("/\(prefix)server_info").json
            #expect(info["pp_size"] == 2)
            #expect(info["max_total_num_tokens"] == 640)
            #expect(info["internal_states"]?[0]?["num_running_reqs"] == 3)
            #expect(info["internal_states"]?[0]?["num_queue_reqs"] == 4)
        }
    }

    @Test("text becomes token ids and comes back") func tokenizes() async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            let tokens = try await server.post("/tokenize", ["prompt": "hello"]).json
            #expect(tokens == ["tokens": [259, 260, 111], "count": 3, "max_model_len": 4096])
            let text = try await server.post("/detokenize", ["tokens": [259, 260, 111]]).json
            #expect(text == ["text": "hello"])
            let list = try await server.post("/v1/tokenize", ["prompt": ["a", "bc"]]).json
            #expect(list["tokens"] == [[97], [98, 99]] && list["count"] == [1, 2])
            let bad = try await server.post("/detokenize", ["tokens": [-1]])
            #expect(bad.status == 400)
        }
    }

    @Test("the cache is flushed on request") func flushes() async throws {
        let engine = ScriptedEngine { _ in [] }
        try await withServer(engine) { server async throws in
            #expect(try await server.post("/flush_cache", text: "").status == 200)
            #expect(try await server.get("/flush_cache").status == 200)
        }
        #expect(engine.flushes == 2)
    }

    @Test("a request is aborted by the name that its client gave it") func aborts() async throws {
        let engine = ScriptedEngine { _ in [.started(cachedTokens: 0)] }
        try await withServer(engine) { server async throws in
            async let first = RawClient.exchange(
                port: server.port, path: "/generate", body: #"{"text":"x","rid":"one"}"#)
            async let second = RawClient.exchange(
                port: server.port, path: "/generate", body: #"{"text":"x","rid":"two"}"#)
            #expect(try await eventually { engine.submissions.count == 2 })
            #expect(try await server.post("/abort_request", ["rid": "other"]).status == 200)
            #expect(engine.openCount == 2)
            #expect(try await server.post("/abort_request", ["rid": "on"]).status == 200)
            #expect(engine.openCount == 2)
            #expect(try await server.post("/abort_request", ["rid": "one"]).status == 200)
            #expect(try await first.contains(#""type":"abort""#))
            #expect(engine.openCount == 1)
            #expect(try await server.post("/abort_request", ["abort_all": true]).status == 200)
            #expect(try await second.contains(#""type":"abort""#))
            #expect(try await server.post("/abort_request", [:]).status == 400)
        }
        #expect(engine.openCount == 0)
    }
}

@Suite("Keys") struct KeyTests {
    @Test("without the key there is only the health of the server") func apiKey() async throws {
        var options = HTTPServerOptions()
        options.apiKey = "secret"
        try await withServer(ScriptedEngine(saying: "x"), options: options) { server in
            for key in [nil, "", "secre", "secret2", "Secret"] as [String?] {
                let answer = try await server.get("/v1/models", key: key)
                #expect(answer.status == 401)
                #expect(try answer.json["code"] == "invalid_api_key")
            }
            #expect(try await server.get("/v1/models", key: "secret").status == 200)
            let body: JSONValue = ["text": "x"]
            #expect(try await server.post("/generate", body).status == 401)
            #expect(try await server.post("/generate", body, key: "secret").status == 200)
            #expect(try await server.post("/flush_cache", text: "", key: "secret").status == 200)
            for path in ["/health", "/health_generate", "/ready", "/ping"] {
                #expect(try await server.get(path).status == 200)
            }
        }
    }

    @Test("where there is an admin key, only it changes the server's state")
    func adminKey() async throws {
        var options = HTTPServerOptions()
        options.apiKey = "secret"
        options.adminAPIKey = "root"
        try await withServer(ScriptedEngine(saying: "x"), options: options) { server async throws in
            #expect(try await server.post("/flush_cache", text: "", key: "secret").status == 401)
            #expect(try await server.post("/flush_cache", text: "", key: "root").status == 200)
            #expect(try await server.get("/v1/models", key: "secret").status == 200)
        }
    }
}
