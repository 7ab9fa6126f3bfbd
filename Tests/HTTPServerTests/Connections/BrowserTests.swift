import HTTPServer
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@Suite("Web pages of other origins") struct BrowserTests {
    private static let origin: HTTPFields = [.origin: "https://chat.example"]

    @Test("a preflight is answered without a key, and allows every header") func preflight()
        async throws
    {
        var options = HTTPServerOptions()
        options.apiKey = "secret"
        try await withServer(ScriptedEngine(saying: "x"), options: options) { server in
            var headers = Self.origin
            headers[.accessControlRequestMethod] = "POST"
            headers[.accessControlRequestHeaders] = "authorization,content-type,x-stainless-os"
            let answer = try await server.client.executeRequest(
                uri: "/v1/chat/completions", method: .options, headers: headers, body: nil)
            #expect(answer.status == .noContent)
            #expect(answer.headers[.accessControlAllowOrigin] == "*")
            #expect(answer.headers[.accessControlAllowMethods]?.contains("POST") == true)
            let allowed = answer.headers[.accessControlAllowHeaders]?.lowercased() ?? ""
            #expect(allowed == "authorization, content-type, *")
        }
    }

    @Test("answers, streams and errors may be read") func readable() async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            let bodies = [
                #"{"prompt":"x"}"#, #"{"prompt":"x","stream":true}"#, #"{"prompt":5}"#, "{",
            ]
            for (body, status) in zip(bodies, [200, 200, 400, 400]) {
                let answer = try await server.client.executeRequest(
                    uri: "/v1/completions", method: .post, headers: Self.origin,
                    body: ByteBuffer(string: body))
                #expect(answer.status.code == status)
                #expect(answer.headers[.accessControlAllowOrigin] == "*")
            }
            let unknown = try await server.client.executeRequest(
                uri: "/nothing", method: .get, headers: Self.origin, body: nil)
            #expect(unknown.status == .notFound)
            #expect(unknown.headers[.accessControlAllowOrigin] == "*")
        }
    }

    @Test("a compressed body is refused for what it is", arguments: ["gzip", "br", "GZIP"])
    func compressed(encoding: String) async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            for path in ["/v1/completions", "/generate", "/tokenize"] {
                let answer = try await server.client.executeRequest(
                    uri: path, method: .post, headers: [.contentEncoding: encoding],
                    body: ByteBuffer(bytes: [0x1F, 0x8B, 8, 0]))
                #expect(answer.status.code == 415)
                #expect(
                    String(buffer: answer.body).contains(
                        "Content-Encoding \(encoding.lowercased()) is not supported"))
            }
            let plain = try await server.client.executeRequest(
                uri: "/v1/completions", method: .post, headers: [.contentEncoding: "identity"],
                body: ByteBuffer(string: #"{"prompt":"x"}"#))
            #expect(plain.status == .ok)
        }
    }
}
