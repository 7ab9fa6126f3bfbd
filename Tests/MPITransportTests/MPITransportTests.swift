import Foundation
import StageProtocol
import Testing

@testable import MPITransport

@Suite("MPI transport")
struct MPITransportTests {
    @Test("messages of 1 byte to 16 MB pass through four stages in order and unharmed")
    func realTransport() throws {
        let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent()
        let launcher = Process()
        launcher.executableURL = URL(filePath: "/usr/bin/env")
        launcher.arguments =
            ["mpirun", "-np", "4", "--oversubscribe", "--bind-to", "none", "--mca", "pml", "ob1"]
            + [folder.appending(path: "PipelineTestStage").path, "transport"]
        launcher.environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        ]
        try launcher.run()
        launcher.waitUntilExit()
        #expect(launcher.terminationStatus == 0)
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
