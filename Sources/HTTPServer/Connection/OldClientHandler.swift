import NIOCore
import NIOHTTP1

/// Serves clients of HTTP/1.0, which know no chunks: the end of the connection ends the answer.
///
/// Behind this handler versions are forgotten and connections are kept open unless the request
/// says `Connection: close` in just these letters, so it says so for those who mean it.
final class OldClientHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Whether each request without a whole answer is of HTTP/1.0.
    private var areOld: [Bool] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        let isOld = head.version == .http1_0
        areOld.append(isOld)
        if isOld { head.headers.remove(name: "expect") }
        let options = head.headers[canonicalForm: "connection"]
        if isOld || options.contains(where: { $0.lowercased() == "close" }) {
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where areOld.first == true:
            // The encoder goes by the version.
            head.version = .http1_0
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            if !areOld.isEmpty { areOld.removeFirst() }
            context.write(data, promise: promise)
        case .head, .body:
            context.write(data, promise: promise)
        }
    }
}
