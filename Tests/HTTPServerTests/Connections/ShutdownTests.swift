import HTTPServer
import Logging
import NIOCore
import PipelineTypes
import Synchronization
import Testing

@Suite("Shutting down", .timeLimit(.minutes(1))) struct ShutdownTests {
    /// Runs a server until `body` returns; says how long it took to shut down after that.
    private func shutdownTime(
        _ engine: ScriptedEngine, grace: Duration,
        during body: @escaping @Sendable (Int) async -> Void
    ) async throws -> Duration {
        var options = HTTPServerOptions()
        options.port = 0
        options.shutdownGrace = grace
        let server = PenstockHTTPServer(
            engine: engine, model: try TestModel.served(), options: options,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let shutdownBegan = Mutex(ContinuousClock.now)
        try await server.run(
            onListening: { continuation.yield($0) },
            untilShutdown: {
                for await port in ports {
                    await body(port)
                    break
                }
                shutdownBegan.withLock { $0 = .now }
            })
        return shutdownBegan.withLock { $0.duration(to: .now) }
    }

    @Test("an idle server shuts down at once, open connections or not") func idle() async throws {
        let engine = ScriptedEngine(saying: "x")
        let connections = Mutex<[RawClient.Connection]>([])
        let time = try await shutdownTime(engine, grace: .seconds(5)) { port in
            if let connection = try? await RawClient.connect(port: port) {
                connections.withLock { $0.append(connection) }
            }
        }
        #expect(time < .seconds(3))
        for connection in connections.withLock({ $0 }) {
            try? await connection.channel.close()
        }
    }

    @Test("clients that connect while the server goes are turned away") func rush() async throws {
        for _ in 0..<40 {
            let engine = ScriptedEngine(saying: "x")
            let rush = Mutex<Task<Void, Never>?>(nil)
            _ = try await shutdownTime(engine, grace: .seconds(5)) { port in
                let connecting = Task {
                    for _ in 0..<30 {
                        guard let connection = try? await RawClient.connect(port: port) else {
                            break
                        }
                        try? await connection.executeThenClose { _, _ in }
                    }
                }
                rush.withLock { $0 = connecting }
                try? await Task.sleep(for: .microseconds(300))
            }
            await rush.withLock { $0 }?.value
        }
    }

    @Test("requests in flight may finish, new ones are refused") func drains() async throws {
        let engine = ScriptedEngine { _ in [.started(cachedTokens: 0)] }
        let answers = Mutex<[String]>([])
        let time = try await shutdownTime(engine, grace: .seconds(5)) { port in
            let exchange: @Sendable (String) async -> Void = { text in
                let answer = try? await RawClient.exchange(
                    port: port, path: "/generate", body: text)
                answers.withLock { $0.append(answer ?? "") }
            }
            Task { await exchange(#"{"text":"x"}"#) }
            _ = try? await eventually { engine.submissions.count == 1 }
            Task {
                try? await Task.sleep(for: .milliseconds(100))
                await exchange(#"{"text":"y"}"#)
                engine.send(.token(ScoredToken(token: 65)), to: RequestID(0))
                engine.send(.ended(.finished(.length)), to: RequestID(0))
            }
        }
        #expect(time < .seconds(4))
        #expect(try await eventually { answers.withLock { $0.count } == 2 })
        #expect(answers.withLock { $0[0] }.contains("503 Service Unavailable"))
        #expect(answers.withLock { $0[0] }.contains("The server is shutting down."))
        #expect(answers.withLock { $0[1] }.contains(#""text":"A""#))
    }

    @Test("a request that does not finish in the grace is cancelled") func cancels() async throws {
        let engine = ScriptedEngine { _ in [.started(cachedTokens: 0)] }
        let answers = Mutex<[String]>([])
        let time = try await shutdownTime(engine, grace: .milliseconds(200)) { port in
            let exchange: @Sendable (String) async -> Void = { text in
                let answer = try? await RawClient.exchange(
                    port: port, path: "/generate", body: text)
                answers.withLock { $0.append(answer ?? "") }
            }
            Task { await exchange(#"{"text":"x"}"#) }
            Task { await exchange(#"{"text":"x","stream":true}"#) }
            _ = try? await eventually { engine.submissions.count == 2 }
        }
        #expect(time >= .milliseconds(200) && time < .seconds(4))
        #expect(try await eventually { engine.openCount == 0 })
        #expect(try await eventually { answers.withLock { $0.count } == 2 })
        let areTold = answers.withLock {
            $0.allSatisfy { $0.contains("The server is shutting down.") }
        }
        #expect(areTold)
    }

    @Test("a port in use is an error that names it", .timeLimit(.minutes(1))) func portInUse()
        async throws
    {
        try await withServer(ScriptedEngine(saying: "x")) { server in
            var options = HTTPServerOptions()
            options.host = "localhost"
            options.port = server.port
            let second = PenstockHTTPServer(
                engine: ScriptedEngine(saying: "x"), model: try TestModel.served(),
                options: options,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            let error = await #expect(throws: ListenError.self) {
                try await second.run(untilShutdown: { try? await Task.sleep(for: .seconds(60)) })
            }
            #expect(
                error?.description
                    == "cannot listen on localhost:\(server.port): Address already in use")
        }
    }
}
