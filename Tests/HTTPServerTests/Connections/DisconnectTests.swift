import HTTPServer
import NIOCore
import PipelineTypes
import Testing

@Suite("Clients that leave", .timeLimit(.minutes(1))) struct DisconnectTests {
    /// Begins every request, and each with one token, but ends none.
    private func endlessEngine() -> ScriptedEngine {
        ScriptedEngine { _ in [.started(cachedTokens: 0), .token(ScoredToken(token: 65))] }
    }

    private static let bodies = [
        ("/v1/chat/completions", #""messages":[{"role":"user","content":"x"}]"#),
        ("/v1/completions", #""prompt":"x""#),
        ("/generate", #""text":"x""#),
    ]

    @Test(
        "a client that leaves while it waits for an answer cancels its request", arguments: bodies)
    func leavesWaiting(path: String, members: String) async throws {
        let engine = endlessEngine()
        try await withServer(engine) { server in
            try await RawClient.abandon(
                port: server.port,
                RawClient.request(path: path, body: "{\(members)}", connection: "keep-alive"),
                once: { engine.submissions.count == 1 })
            #expect(try await eventually { engine.openCount == 0 })
        }
        #expect(engine.cancelled == [RequestID(0)])
    }

    @Test("a client that leaves in the middle of a stream cancels its request", arguments: bodies)
    func leavesStream(path: String, members: String) async throws {
        let engine = endlessEngine()
        try await withServer(engine) { server in
            try await RawClient.abandon(
                port: server.port,
                RawClient.request(path: path, body: "{\(members),\"stream\":true}"),
                onceReceived: { $0.contains("data: ") && $0.contains("A") })
            // No token comes that the server could fail to write.
            #expect(try await eventually { engine.openCount == 0 })
        }
        #expect(engine.cancelled == [RequestID(0)])
    }

    @Test("a client that leaves while its request is queued cancels it") func leavesQueue()
        async throws
    {
        let engine = ScriptedEngine { _ in [] }
        try await withServer(engine) { server in
            try await RawClient.abandon(
                port: server.port,
                RawClient.request(path: "/generate", body: #"{"text":"x","stream":true}"#),
                once: { engine.submissions.count == 1 })
            #expect(try await eventually { engine.openCount == 0 })
        }
    }

    @Test("a client that leaves cancels every sequence of its request") func leavesBatch()
        async throws
    {
        let engine = endlessEngine()
        try await withServer(engine) { server in
            try await RawClient.abandon(
                port: server.port,
                RawClient.request(path: "/v1/completions", body: #"{"prompt":["a","b"],"n":3}"#),
                once: { engine.submissions.count == 6 })
            #expect(try await eventually { engine.openCount == 0 })
        }
    }

    @Test("clients that leave at any moment leave nothing behind") func leaveAnywhere()
        async throws
    {
        let engine = endlessEngine()
        try await withServer(engine) { server in
            let request = RawClient.request(
                path: "/generate", body: #"{"text":"x","stream":true}"#)
            for length in stride(from: 1, through: request.readableBytes, by: 7) {
                var part = request
                let bytes = part.readSlice(length: length) ?? ByteBuffer()
                try await RawClient.connect(port: server.port).executeThenClose { _, outbound in
                    try await outbound.write(bytes)
                }
            }
            #expect(try await eventually { engine.openCount == 0 })
            #expect(try await server.get("/ping").status == 200)
        }
    }

    @Test("a connection serves one request after the other, streamed or not")
    func keepsAlive() async throws {
        let engine = ScriptedEngine(saying: "ok")
        try await withServer(engine) { server in
            let bodies = [#"{"text":"x"}"#, #"{"text":"x","stream":true}"#, "{", #"{"text":"x"}"#]
            try await RawClient.connect(port: server.port).executeThenClose { inbound, outbound in
                var iterator = inbound.makeAsyncIterator()
                for body in bodies {
                    try await outbound.write(
                        RawClient.request(path: "/generate", body: body, connection: "keep-alive"))
                    var received = ""
                    while !received.hasSuffix("}") && !received.hasSuffix("0\r\n\r\n") {
                        received += String(buffer: try #require(try await iterator.next()))
                    }
                    #expect(received.hasPrefix("HTTP/1.1 \(body == "{" ? 400 : 200)"))
                }
            }
        }
    }
}

@Suite("Connections") struct ConnectionTests {
    @Test("a client that asks before it sends a long body is told to go on") func continues()
        async throws
    {
        try await withServer(ScriptedEngine(saying: "ok")) { server in
            try await RawClient.connect(port: server.port).executeThenClose { inbound, outbound in
                var iterator = inbound.makeAsyncIterator()
                try await outbound.write(
                    ByteBuffer(
                        string: """
                            POST /generate HTTP/1.1\r
                            Host: localhost\r
                            Content-Length: 12\r
                            Expect: 100-continue\r
                            \r

                            """))
                let go = String(buffer: try #require(try await iterator.next()))
                #expect(go.hasPrefix("HTTP/1.1 100 Continue\r\n"))
                try await outbound.write(ByteBuffer(string: #"{"text":"x"}"#))
                let answer = String(buffer: try #require(try await iterator.next()))
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
        }
    }

    @Test(
        "what is not HTTP ends its connection, not the server",
        arguments: [
            "nonsense\r\n\r\n", "\u{0}\u{1}\u{2}", "GET / HTTP/9.9\r\n\r\n",
            "POST /generate HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "POST /generate HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
            "POST /generate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ])
    func nonsense(text: String) async throws {
        try await withServer(ScriptedEngine(saying: "ok")) { server in
            let answer = try await RawClient.exchange(port: server.port, ByteBuffer(string: text))
            #expect(!answer.contains("HTTP/1.1 200"))
            #expect(try await server.get("/ping").status == 200)
        }
    }
}
