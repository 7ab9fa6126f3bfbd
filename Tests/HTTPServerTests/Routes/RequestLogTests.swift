import HTTPServer
import NIOCore
import PipelineTypes
import Testing

@Suite("The log of requests", .timeLimit(.minutes(1))) struct RequestLogTests {
    private static var options: HTTPServerOptions {
        var options = HTTPServerOptions()
        options.logsRequests = true
        return options
    }

    private static let body = #"{"input_ids": [65, 66, 67], "rid": "mine"}"#

    @Test("a finished request is one line with its tokens and its end") func finished()
        async throws
    {
        let log = MemoryLog()
        try await withServer(ScriptedEngine(saying: "ok"), options: Self.options, log: log) {
            _ = try await $0.post("/generate", text: Self.body)
        }
        try #require(log.lines.count == 1)
        #expect(log.lines[0].hasPrefix("mine: 3 prompt tokens, 3 generated, the first after "))
        #expect(log.lines[0].contains("; stop after "))
    }

    @Test("cached tokens and failures are said") func failed() async throws {
        let log = MemoryLog()
        let engine = ScriptedEngine { _ in
            [.started(cachedTokens: 2), .ended(.failed("out of luck"))]
        }
        try await withServer(engine, options: Self.options, log: log) {
            _ = try await $0.post("/generate", text: Self.body)
        }
        try #require(log.lines.count == 1)
        #expect(log.lines[0].hasPrefix("mine: 3 prompt tokens (2 cached), 0 generated; failed"))
        #expect(log.lines[0].contains("out of luck"))
    }

    @Test("a client that leaves is a line too") func abandoned() async throws {
        let log = MemoryLog()
        let engine = ScriptedEngine { _ in [.started(cachedTokens: 0)] }
        try await withServer(engine, options: Self.options, log: log) { server in
            try await RawClient.abandon(
                port: server.port, RawClient.request(path: "/generate", body: Self.body),
                once: { engine.submissions.count == 1 })
            #expect(try await eventually { log.lines.count == 1 })
        }
        #expect(log.lines.first?.contains("0 generated; cancelled after ") == true)
    }

    @Test("the times count from the arrival of the request") func arrival() async throws {
        let log = MemoryLog()
        try await withServer(ScriptedEngine(saying: "ok"), options: Self.options, log: log) {
            server in
            var head = RawClient.request(path: "/generate", body: Self.body)
            let body = try #require(head.getSlice(at: head.writerIndex - 5, length: 5))
            head.moveWriterIndex(to: head.writerIndex - 5)
            let start = head
            try await RawClient.connect(port: server.port).executeThenClose { inbound, outbound in
                try await outbound.write(start)
                try await Task.sleep(for: .milliseconds(300))
                try await outbound.write(body)
                for try await _ in inbound {}
            }
        }
        let line = try #require(log.lines.first)
        let words = line.split(separator: " ")
        let end = try #require(words.dropLast().last.flatMap { Int($0) })
        #expect(end >= 250 && words.last == "ms", "\(line)")
    }

    @Test("nothing is logged unless asked for") func silent() async throws {
        let log = MemoryLog()
        try await withServer(ScriptedEngine(saying: "ok"), log: log) {
            _ = try await $0.post("/generate", text: Self.body)
        }
        #expect(log.lines.isEmpty)
    }
}
