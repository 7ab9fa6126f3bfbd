import NIOCore
import NIOPosix

/// A client that writes and reads bytes, for what a well-behaved one never does.
enum RawClient {
    typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    static func connect(port: Int) async throws -> Connection {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "localhost", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Connection(wrappingChannelSynchronously: channel)
                }
            }
    }

    /// The text of a request.
    static func request(
        path: String, body: String, connection: String = "close"
    ) -> ByteBuffer {
        ByteBuffer(
            string: """
                POST \(path) HTTP/1.1\r
                Host: localhost\r
                Content-Length: \(body.utf8.count)\r
                Connection: \(connection)\r
                \r
                \(body)
                """)
    }

    /// Sends one request and reads until the server closes the connection.
    static func exchange(port: Int, path: String, body: String) async throws -> String {
        try await exchange(port: port, request(path: path, body: body))
    }

    static func exchange(port: Int, _ request: ByteBuffer) async throws -> String {
        try await connect(port: port).executeThenClose { inbound, outbound in
            try await outbound.write(request)
            var received = ""
            for try await buffer in inbound { received += String(buffer: buffer) }
            return received
        }
    }

    /// Sends one request and closes the connection once that much of an answer has come.
    static func abandon(
        port: Int, _ request: ByteBuffer, onceReceived isEnough: (String) -> Bool
    ) async throws {
        try await connect(port: port).executeThenClose { inbound, outbound in
            try await outbound.write(request)
            var received = ""
            for try await buffer in inbound {
                received += String(buffer: buffer)
                if isEnough(received) { return }
            }
        }
    }

    /// Sends one request and closes the connection once a condition holds, reading nothing.
    static func abandon(
        port: Int, _ request: ByteBuffer, once condition: () -> Bool
    ) async throws {
        try await connect(port: port).executeThenClose { _, outbound in
            try await outbound.write(request)
            _ = try await eventually(condition)
        }
    }
}
