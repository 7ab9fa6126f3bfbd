import Foundation
import StageProtocol
import Testing

@testable import MPITransport

@Suite("MPI transport")
struct MPITransportTests {
    @Test(
        "messages of 1 byte to 16 MB pass through four stages in order and unharmed",
        arguments: ["self,vader", "self,tcp"])
    func realTransport(network: String) throws {
        let launcher = try Self.launch(stages: 4, network: network, ["transport"])
        launcher.waitUntilExit()
        #expect(launcher.terminationStatus == 0)
    }

    @Test("a message arrives though its sender does not look after the transport")
    func idleSender() async throws {
        let path = FileManager.default.temporaryDirectory.appending(
            path: "idle-sender-\(UUID().uuidString)"
        ).path
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let launcher = try Self.launch(stages: 2, network: "self,tcp", ["idle-sender", path])
        // Else nothing would end it.
        let limit = Task {
            try await Task.sleep(for: .seconds(60))
            launcher.terminate()
        }
        while launcher.isRunning { try await Task.sleep(for: .milliseconds(10)) }
        limit.cancel()
        #expect(launcher.terminationStatus == 0)
    }

    private static func launch(
        stages: Int, network: String, _ arguments: [String]
    ) throws -> Process {
        let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent()
        let settings = [
            ("pml", "ob1"), ("btl", network), ("btl_tcp_if_include", "lo"),
            ("oob_tcp_if_include", "lo"),
        ]
        let launcher = Process()
        launcher.executableURL = URL(filePath: "/usr/bin/env")
        launcher.arguments =
            ["mpirun", "-np", String(stages), "--oversubscribe", "--bind-to", "none"]
            + settings.flatMap { ["--mca", $0.0, $0.1] }
            + [folder.appending(path: "PipelineTestStage").path] + arguments
        launcher.environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        ]
        try launcher.run()
        return launcher
    }

    @Test("pieces cover a message once, and the first one tells where the others go")
    func pieces() throws {
        let least = MessagePieces.blocksEachMin
        let most = least * MessagePieces.countMax
        for blocks in [0, 1, least - 1, least, least + 1, 7 * least, most, most + 1, 1 << 30] {
            let pieces = MessagePieces(blocks: blocks)
            #expect(pieces.count <= MessagePieces.countMax)
            #expect(pieces.range(0, of: blocks).lowerBound == 0)
            let last = pieces.range(pieces.count - 1, of: blocks)
            #expect(last.upperBound == blocks && (!last.isEmpty || blocks == 0))
            let first = Int32(pieces.range(0, of: blocks).count)
            let told = try #require(
                MessagePieces(firstTag: pieces.firstTag, firstBlocks: first))
            #expect(told.count == pieces.count && told.blocksMax >= blocks)
            #expect(told.range(told.count - 1, of: blocks) == last)
        }
        for (tag, blocks) in [(0, 1), (-1, 1), (32768, 1), (1, -1), (1, 1 << 30 + 1)] {
            #expect(MessagePieces(firstTag: Int32(tag), firstBlocks: Int32(blocks)) == nil)
        }
    }

    @Test("the queue gives elements back in their order, round and round")
    func queueOrder() {
        var queue = FixedQueue<3, Int>()
        var next = 0
        var expected = 0
        for round in 0..<20 {
            for _ in 0..<(round % 3 + 1) where !queue.isFull {
                queue.append(next)
                next += 1
            }
            #expect(queue.withElement(at: queue.count) { $0 } == nil)
            for index in 0..<queue.count {
                #expect(queue.withElement(at: index) { $0 } == expected + index)
            }
            for _ in 0..<(round % 2 + 1) where !queue.isEmpty {
                #expect(queue.popFirst() == expected)
                expected += 1
            }
        }
    }

    @Test("a steady stream of messages uses the same memory again and again")
    func poolReuse() {
        var pool = BufferPool()
        var addresses: Set<Int> = []
        for round in 0..<50 {
            let large = pool.take(byteCount: 100_000)
            let small = pool.take(byteCount: 200 + round)
            #expect(large.byteCount >= 100_000 && small.byteCount == 256)
            if round > 0 {
                #expect(addresses.contains(address(large)))
                #expect(addresses.contains(address(small)))
            }
            addresses.insert(address(large))
            addresses.insert(address(small))
            pool.keep(small)
            pool.keep(large)
        }
        #expect(addresses.count == 2)
    }

    private func address(_ buffer: borrowing MessageBuffer) -> Int {
        Int(bitPattern: buffer.baseAddress)
    }

    @Test("a full pool keeps its largest buffers")
    func poolKeepsLargest() {
        var pool = BufferPool()
        for size in 1...20 { pool.keep(MessageBuffer(byteCount: 64 * size)) }
        for size in 13...20 { #expect(pool.take(byteCount: 64 * size).capacity == 64 * size) }
        #expect(pool.take(byteCount: 64).capacity == 64)
    }
}
