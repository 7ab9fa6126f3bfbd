import NIOCore

/// Notices that the client has closed its side of the connection, even while nobody reads it or
/// writes to it. The server allows half-closed connections, so that alone closes no channel.
final class DisconnectWatcher: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    let closure = ConnectionClosure()

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { closure.close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        closure.close()
        context.fireChannelInactive()
    }

    /// The closure of a connection; one that never closes where the connection is not watched.
    static func closure(of channel: any Channel) async -> ConnectionClosure {
        let found = channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: DisconnectWatcher.self).closure
        }
        return (try? await found.get()) ?? ConnectionClosure()
    }
}
