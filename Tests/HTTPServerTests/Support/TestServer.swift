import HTTPServer
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Logging
import NIOCore
import Testing

/// A response as a test wants to see it.
struct Answer: Sendable {
    var status: Int
    var headers: HTTPFields
    var text: String

    /// The body as JSON.
    var json: JSONValue {
        get throws { try JSONValue(parsing: Array(text.utf8)) }
    }

    /// The JSON of each server-sent event but `[DONE]`, which must be the last.
    var events: [JSONValue] {
        get throws {
            var lines = text.split(separator: "\n\n").map(String.init)
            try #require(lines.popLast() == "data: [DONE]")
            return try lines.map { line in
                try #require(line.hasPrefix("data: ") && !line.contains("\n"))
                return try JSONValue(parsing: Array(line.utf8.dropFirst(6)))
            }
        }
    }
}

/// Talks to a server on a real socket.
struct Caller: Sendable {
    let client: any TestClientProtocol
    let port: Int

    func get(_ path: String, key: String? = nil) async throws -> Answer {
        try await call(path, method: .get, body: nil, key: key)
    }

    func post(_ path: String, _ body: JSONValue, key: String? = nil) async throws -> Answer {
        try await post(path, text: String(decoding: body.encodedBytes, as: UTF8.self), key: key)
    }

    func post(_ path: String, text: String, key: String? = nil) async throws -> Answer {
        try await call(path, method: .post, body: ByteBuffer(string: text), key: key)
    }

    func call(
        _ path: String, method: HTTPRequest.Method, body: ByteBuffer?, key: String? = nil
    ) async throws -> Answer {
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[.authorization] = key.map { "Bearer \($0)" }
        let response = try await client.executeRequest(
            uri: path, method: method, headers: headers, body: body)
        return Answer(
            status: response.status.code, headers: response.headers,
            text: String(buffer: response.body))
    }
}

/// Runs `body` against a server on a free port.
func withServer(
    _ engine: any InferenceEngine, model: ServedModel? = nil,
    options: HTTPServerOptions = HTTPServerOptions(), log: MemoryLog = MemoryLog(),
    _ body: @Sendable (Caller) async throws -> Void
) async throws {
    let server = PenstockHTTPServer(
        engine: engine, model: try model ?? TestModel.served(), options: options,
        logger: log.logger)
    try await server.application().test(.live) { client in
        try await body(Caller(client: client, port: try #require(client.port)))
    }
}

/// Waits until a condition holds; false if it does not within the time.
func eventually(
    within limit: Duration = .seconds(5), _ condition: () -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if condition() { return true }
        try await Task.sleep(for: .milliseconds(2))
    }
    return condition()
}
