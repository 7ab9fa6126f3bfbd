import HTTPServer
import HTTPTypes
import PipelineTypes
import Testing

@Suite("Health") struct HealthTests {
    private var impatient: HTTPServerOptions {
        var options = HTTPServerOptions()
        options.healthTimeout = .milliseconds(200)
        return options
    }

    @Test("an idle server proves its health with a token") func idle() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server async throws in
            #expect(try await server.get("/health").status == 200)
        }
        #expect(engine.submissions.map(\.sampling.maxNewTokens) == [1])
        #expect(engine.submissions.map(\.prompt) == [[TestModel.begin]])
    }

    @Test("a busy server need not: a microbatch was completed just now") func busy() async throws {
        let engine = ScriptedEngine { _ in [] }
        engine.setStatus(EngineStatus(phase: .ready, lastCompletion: .now))
        try await withServer(engine, options: impatient) { server async throws in
            #expect(try await server.get("/health").status == 200)
            #expect(engine.submissions.isEmpty)
            #expect(try await server.get("/health_generate").status == 503)
        }
    }

    @Test("a server that produces no token is not healthy, and says so in time")
    func stuck() async throws {
        let engine = ScriptedEngine { _ in [.started(cachedTokens: 0)] }
        engine.setStatus(
            EngineStatus(phase: .ready, lastCompletion: .now - .seconds(60)))
        try await withServer(engine, options: impatient) { server async throws in
            let began = ContinuousClock.now
            #expect(try await server.get("/health").status == 503)
            #expect(ContinuousClock.now - began < .seconds(3))
            #expect(try await eventually { engine.openCount == 0 })
        }
    }

    @Test("an engine that does not even answer how it is does not hang the probe")
    func silent() async throws {
        try await withServer(SilentEngine(), options: impatient) { server async throws in
            let began = ContinuousClock.now
            #expect(try await server.get("/health").status == 503)
            #expect(ContinuousClock.now - began < .seconds(3))
        }
    }

    @Test("an engine that refuses the probe is not healthy") func refusing() async throws {
        let engine = ScriptedEngine { _ in [.ended(.rejected(.queueFull))] }
        try await withServer(engine) { server async throws in
            #expect(try await server.get("/health").status == 503)
        }
    }

    @Test("ready means that the stages are there") func ready() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server in
            for (phase, status) in [
                (EngineStatus.Phase.starting, 503), (.ready, 200), (.recovering, 503),
            ] {
                engine.setStatus(EngineStatus(phase: phase))
                #expect(try await server.get("/ready").status == status)
                #expect(try await server.get("/ping").status == 200)
            }
            let head = try await server.call("/health", method: .head, body: nil)
            #expect(head.status == 200)
        }
    }
}

/// An engine that never answers anything.
private struct SilentEngine: UnprofiledEngine {
    func submit(
        prompt: [TokenID], sampling: SamplingParameters, logprobs: LogprobOptions
    ) -> EngineStream {
        let (events, continuation) = AsyncStream.makeStream(of: RequestEvent.self)
        // The stream lives as long as its continuation is kept.
        continuation.onTermination = { [continuation] _ in _ = continuation }
        return EngineStream(id: RequestID(0), events: events)
    }

    func cancel(_ request: RequestID) {}

    func status() async -> EngineStatus {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        return EngineStatus(phase: .stopped)
    }

    func flushCache() async {}

    func startProfile(_ request: ProfileRequest) async throws(ProfileError) {}

    func stopProfile() async throws(ProfileError) -> String {
        ""
    }
}
