import HTTPTypes
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix

/// The HTTP face of an engine and its model.
package struct PenstockHTTPServer: Sendable {
    private let state: ServerState

    package init(
        engine: any InferenceEngine, model: ServedModel,
        options: HTTPServerOptions = HTTPServerOptions(), logger: Logger
    ) {
        state = ServerState(engine: engine, model: model, options: options, logger: logger)
    }

    /// Throws `ListenError` if the address is not to be had now, so that nobody loads a model
    /// before they learn of it.
    package static func checkAddress(_ options: HTTPServerOptions) async throws {
        do {
            let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: options.host, port: options.port)
                .get()
            try await channel.close()
        } catch {
            throw ListenError(options: options, error: error)
        }
    }

    /// The server as a Hummingbird application. `onListening` gets the port.
    package func application(
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            responder: makeRouter().buildResponder(),
            server: .continuing,
            configuration: ApplicationConfiguration(
                address: .hostname(state.options.host, port: state.options.port),
                serverName: "penstock", backlog: 1024),
            onServerRunning: { channel in
                await onListening(channel.localAddress?.port ?? 0)
            },
            logger: quietLogger)
    }

    /// Hummingbird takes connections that end with the server for errors.
    private var quietLogger: Logger {
        var quiet = state.logger
        quiet.logLevel = .critical
        return quiet
    }

    /// Serves until `shutdown` returns. Requests in flight get the shutdown grace to finish, new
    /// ones are refused meanwhile; then every connection is closed. Throws `ListenError` if the
    /// port is not to be had.
    package func run(
        onListening: @escaping @Sendable (Int) async -> Void = { _ in },
        untilShutdown shutdown: @escaping @Sendable () async -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await application(onListening: onListening).run()
                } catch let error as IOError {
                    throw ListenError(options: state.options, error: error)
                }
                return false
            }
            group.addTask {
                await shutdown()
                await drain()
                return true
            }
            let isShutdown = try await group.next()
            group.cancelAll()
            // What a cancelled application throws says nothing.
            while isShutdown == true, (try? await group.next()) != nil {}
        }
    }

    /// Waits until no request is in flight, for the shutdown grace at most.
    private func drain() async {
        state.generations.beginShutdown()
        let deadline = ContinuousClock.now + state.options.shutdownGrace
        while !state.generations.isEmpty, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
        }
        guard !state.generations.isEmpty else { return }
        state.generations.cancelAll()
        // For their clients to be told.
        try? await Task.sleep(for: .milliseconds(100))
    }

    private static let anyHeader = [HTTPField.Name("*")].compactMap { $0 }

    private func makeRouter() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        // Outermost, so that web pages may read errors too. "*" stands for every header but one.
        router.add(
            middleware: CORSMiddleware(
                allowOrigin: .all, allowHeaders: [.authorization, .contentType] + Self.anyHeader,
                allowMethods: [.get, .post, .head, .options], maxAge: .minutes(10)))
        let routes = state.routes
        router.add(
            middleware: ErrorMiddleware(
                methods: Dictionary(grouping: routes, by: \.path).mapValues { $0.map(\.method) },
                logger: state.logger))
        for route in routes {
            let key = KeyMiddleware(
                apiKey: state.options.apiKey, adminAPIKey: state.options.adminAPIKey,
                access: route.access)
            router.group().add(middleware: key).on(
                RouterPath(route.path), method: route.method
            ) { request, context in
                try await route.handler(request, context)
            }
        }
        return router
    }
}

extension HTTPServerBuilder {
    /// HTTP/1 that watches for clients that leave and answers those who ask before they send a
    /// long body (`Expect: 100-continue`); curl waits a second for that answer.
    fileprivate static var continuing: HTTPServerBuilder {
        HTTPServerBuilder { respond in
            let http1 = HTTP1Channel(
                responder: { request, writer, channel in
                    if request.headers[.expect]?.lowercased() == "100-continue" {
                        try await writer.writeInformationalHead(HTTPResponse(status: .continue))
                    }
                    try await respond(request, writer, channel)
                },
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [DisconnectWatcher()],
                    // Of connections without a request, and of requests that do not arrive.
                    idleTimeout: .seconds(120)))
            return HTTPConnection(http1: http1)
        }
    }
}
