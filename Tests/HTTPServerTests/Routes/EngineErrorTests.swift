import HTTPServer
import JSON
import PipelineTypes
import Testing

@Suite("When the engine refuses or fails") struct EngineErrorTests {
    private static let requests: [(String, JSONValue)] = [
        ("/v1/chat/completions", ["messages": [["role": "user", "content": "x"]]]),
        ("/v1/completions", ["prompt": "x"]),
        ("/generate", ["text": "x"]),
    ]

    @Test(
        "a refusal has its status and sentence, streamed or not",
        arguments: [
            (Rejection.queueFull, 503, "The request queue is full."),
            (
                Rejection.promptTooLong(tokens: 5000, contextLength: 4096), 400,
                "The input (5000 tokens) is longer than the model's context length (4096 tokens)."
            ),
            (
                Rejection.exceedsMemory(tokens: 900, capacity: 640), 400,
                "The input (900 tokens) does not fit into the KV cache of this server (640 tokens)."
            ),
            (Rejection.shuttingDown, 503, "The server is shutting down."),
        ])
    func refusals(rejection: Rejection, status: Int, message: String) async throws {
        try await withServer(ScriptedEngine { _ in [.ended(.rejected(rejection))] }) { server in
            for (path, body) in Self.requests {
                for body in [body, body.adding("stream", true)] {
                    let answer = try await server.post(path, body)
                    #expect(answer.status == status)
                    #expect(try answer.json["error"]?["message"] == .string(message))
                }
            }
        }
    }

    @Test("a failure is a 500, and within a stream an event before its end")
    func failures() async throws {
        let engine = ScriptedEngine { _ in
            [
                .started(cachedTokens: 0), .token(ScoredToken(token: 65)),
                .ended(.failed("Stage 1 was lost.")),
            ]
        }
        try await withServer(engine) { server in
            for (path, body) in Self.requests {
                let answer = try await server.post(path, body)
                #expect(answer.status == 500)
                #expect(try answer.json["error"]?["message"] == "Stage 1 was lost.")
                let events = try await server.post(path, body.adding("stream", true)).events
                #expect(events.last?["error"]?["message"] == "Stage 1 was lost.")
                #expect(events.count >= 2)
            }
        }
    }

    @Test("one failure ends a whole batch, and its other sequences in the engine")
    func failsBatch() async throws {
        let engine = ScriptedEngine { submission in
            submission.id == RequestID(1)
                ? [.ended(.rejected(.queueFull))] : [.started(cachedTokens: 0)]
        }
        try await withServer(engine) { server in
            let answer = try await server.post("/v1/completions", ["prompt": ["a", "b", "c"]])
            #expect(answer.status == 503)
            #expect(try await eventually { engine.openCount == 0 })
        }
        #expect(Set(engine.cancelled) == [RequestID(0), RequestID(2)])
    }

    @Test("an engine that breaks off is a failure, not an endless wait") func breaksOff()
        async throws
    {
        try await withServer(BrokenEngine()) { server in
            for (path, body) in Self.requests {
                let answer = try await server.post(path, body)
                #expect(answer.status == 500)
                #expect(try answer.json["error"]?["message"] == "The engine stopped.")
            }
        }
    }

    @Test("an aborted request ends regularly and says so") func aborts() async throws {
        try await withServer(ScriptedEngine { _ in [.ended(.cancelled)] }) { server in
            let completion = try await server.post("/v1/completions", ["prompt": "x"])
            #expect(try completion.json["choices"]?[0]?["finish_reason"] == "abort")
            let native = try await server.post("/generate", ["text": "x"])
            #expect(try native.json["meta_info"]?["finish_reason"]?["type"] == "abort")
        }
    }
}

extension JSONValue {
    /// The object with one more member.
    func adding(_ key: String, _ value: JSONValue) -> JSONValue {
        guard case .object(var object) = self else { return self }
        object[key] = value
        return .object(object)
    }
}

/// An engine whose streams end without saying so.
private struct BrokenEngine: UnprofiledEngine {
    func submit(
        prompt: [TokenID], sampling: SamplingParameters, logprobs: LogprobOptions
    ) -> EngineStream {
        let (events, continuation) = AsyncStream.makeStream(of: RequestEvent.self)
        continuation.yield(.started(cachedTokens: 0))
        continuation.finish()
        return EngineStream(id: RequestID(0), events: events)
    }

    func cancel(_ request: RequestID) {}

    func status() async -> EngineStatus {
        EngineStatus(phase: .stopped)
    }

    func flushCache() async {}

    func startProfile(_ request: ProfileRequest) async throws(ProfileError) {}

    func stopProfile() async throws(ProfileError) -> String {
        ""
    }
}
