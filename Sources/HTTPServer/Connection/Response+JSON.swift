import HTTPTypes
import Hummingbird
import JSON
import NIOCore

extension Response {
    init(json: JSONValue, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.encodedBytes)))
    }

    init(text: String, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Server-sent events: whatever `produce` passes to `send`, one event each, then `[DONE]`.
    init(
        eventStream produce:
            @escaping @Sendable (_ send: ([JSONValue]) async throws -> Void) async throws -> Void
    ) {
        self.init(
            status: .ok,
            headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"],
            body: ResponseBody { writer in
                var bodyWriter = writer
                try await produce { events in
                    try await bodyWriter.write(ByteBuffer(bytes: events.serverSentEvents))
                }
                try await bodyWriter.write(ByteBuffer(string: "data: [DONE]\n\n"))
                try await bodyWriter.finish(nil)
            })
    }
}

extension [JSONValue] {
    /// Each value on a line of its own, as an event.
    fileprivate var serverSentEvents: [UInt8] {
        var bytes: [UInt8] = []
        for value in self {
            bytes += "data: ".utf8
            value.append(to: &bytes)
            bytes += "\n\n".utf8
        }
        return bytes
    }
}
