import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// HTTP/1.1 as Hummingbird has it, and HTTP/1.0.
struct HTTPConnection: ServerChildChannel {
    let http1: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
        http1.setup(channel: channel, logger: logger).flatMapThrowing { requests in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(
                type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(OldClientHandler(), position: .after(decoder))
            return AcceptedConnection(requests)
        }
    }

    func handle(value: AcceptedConnection, logger: Logger) async {
        await http1.handle(value: value.take(), logger: logger)
    }
}

/// A client's connection between its acceptance and the task that serves it.
///
/// A server that shuts down drops what it has accepted and not begun to serve. NIO traps where an
/// asynchronous channel is dropped without having been run, so this runs it, to be closed.
final class AcceptedConnection: ServerChildChannelValue {
    private let requests: HTTP1Channel.Value
    private let isTaken = Atomic<Bool>(false)

    init(_ requests: HTTP1Channel.Value) {
        self.requests = requests
    }

    deinit {
        guard !isTaken.load(ordering: .relaxed) else { return }
        Task { [requests] in try? await requests.executeThenClose { _, _ in } }
    }

    var channel: any Channel {
        requests.channel
    }

    /// The requests, for whoever runs them.
    func take() -> HTTP1Channel.Value {
        isTaken.store(true, ordering: .relaxed)
        return requests
    }
}
