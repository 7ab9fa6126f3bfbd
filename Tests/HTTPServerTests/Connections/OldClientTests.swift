import HTTPServer
import NIOCore
import Testing

@Suite("Clients of HTTP/1.0", .timeLimit(.minutes(1))) struct OldClientTests {
    private static func request(_ body: String, _ headers: String = "") -> ByteBuffer {
        ByteBuffer(
            string: "POST /generate HTTP/1.0\r\nContent-Length: \(body.utf8.count)\r\n\(headers)"
                + "\r\n\(body)")
    }

    @Test(
        "the connection ends with the answer",
        arguments: ["", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n"])
    func closes(headers: String) async throws {
        try await withServer(ScriptedEngine(saying: "ok")) { server in
            let answer = try await RawClient.exchange(
                port: server.port, Self.request(#"{"text":"x"}"#, headers))
            #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
            #expect(answer.contains(#""text":"ok""#))
        }
    }

    @Test("a stream comes without chunks, and ends with the connection") func streams()
        async throws
    {
        try await withServer(ScriptedEngine(saying: "ok")) { server in
            let answer = try await RawClient.exchange(
                port: server.port, Self.request(#"{"text":"x","stream":true}"#))
            #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
            #expect(!answer.lowercased().contains("transfer-encoding"))
            let body = try #require(answer.split(separator: "\r\n\r\n").last)
            #expect(body.hasPrefix("data: {"))
            #expect(body.hasSuffix("}\n\ndata: [DONE]\n\n"))
            #expect(body.split(separator: "\n\n").allSatisfy { $0.hasPrefix("data: ") })
        }
    }

    @Test("a client of HTTP/1.1 may ask for the end in any letters") func anyLetters()
        async throws
    {
        try await withServer(ScriptedEngine(saying: "ok")) { server in
            let answer = try await RawClient.exchange(
                port: server.port,
                RawClient.request(path: "/generate", body: #"{"text":"x"}"#, connection: "Close"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }
}
