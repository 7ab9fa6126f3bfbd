import Glibc
import PipelineTypes
import StageProtocol
import Testing

@testable import StageWorker

/// Doubles every activation; the last stage samples the sum of its rows.
private struct DoublingBackend: StageBackend {
    let hiddenSize = 4
    let computeTimes = ComputeTimes()
    let memory = StageMemory(weights: 1, cache: 2, working: 3, workingPerToken: 4)
    let isLast: Bool

    mutating func forward(
        _ microbatch: Microbatch, input: Span<Float>, output: inout MutableSpan<Float>,
        progress: () -> Void
    ) throws(StageFault) -> [ChunkResult] {
        progress()
        if microbatch.chunks.contains(where: { $0.start == 99 }) { throw StageFault("no 99") }
        var sum: Float = 0
        for index in output.indices {
            output[index] = input.isEmpty ? Float(index) : 2 * input[index]
        }
        for index in input.indices { sum += input[index] }
        guard isLast else { return [] }
        return microbatch.chunks.map { chunk in
            ChunkResult(request: chunk.request, sampled: ScoredToken(token: TokenID(sum)))
        }
    }
}

/// A stage in the middle of nowhere: what it sends is kept, what it receives is laid ready.
private final class LooseEndTransport: StageTransport {
    let stage: Int
    let stageCount: Int
    var inbox: [[UInt8]] = []
    var sent: [[UInt8]] = []
    let unfinishedSendCount = 0
    let canSend = true

    init(stage: Int, stageCount: Int) {
        self.stage = stage
        self.stageCount = stageCount
    }

    func makeBuffer(byteCount: Int) -> MessageBuffer {
        MessageBuffer(byteCount: byteCount)
    }

    func recycle(_ buffer: consuming MessageBuffer) {}

    func send(_ message: consuming MessageBuffer) throws(TransportError) {
        sent.append(
            message.withElements(UInt8.self, at: 0, count: message.byteCount) { bytes in
                bytes.indices.map { bytes[$0] }
            })
    }

    func receive() throws(TransportError) -> ArrivedMessage? {
        guard !inbox.isEmpty else { return nil }
        let bytes = inbox.removeFirst()
        var buffer = MessageBuffer(byteCount: bytes.count)
        buffer.withMutableElements(UInt8.self, at: 0, count: bytes.count) { target in
            for index in bytes.indices { target[index] = bytes[index] }
        }
        return ArrivedMessage(buffer: buffer, arrived: MonotonicClock.now())
    }

    func progress() throws(TransportError) {}
    func finish() throws(TransportError) {}
    func abort() {}
}

@Suite("a stage's loop")
struct StageWorkerTests {
    @Test(
        "activations pass from stage to stage, and the last stage reports with all timings",
        arguments: ActivationType.allCases)
    func threeStages(type: ActivationType) throws {
        let microbatch = Self.microbatch(start: 0)
        var messages: [[UInt8]] = []
        for stage in 0..<3 {
            let outcome = try Self.work(
                stage: stage, type: type, microbatch: microbatch, messages: messages)
            messages = outcome.sent
            if stage < 2 {
                #expect(outcome.sent.count == 1 && outcome.reports.isEmpty)
            } else {
                guard case .completed(let result) = outcome.reports.first else {
                    Issue.record("the last stage did not report")
                    return
                }
                // Two rows of four: the numbers 0 to 7, doubled once by the stage between.
                #expect(result.chunks.map(\.sampled?.token) == [56])
                #expect(result.id == microbatch.id)
                #expect(result.timings.count == 3)
                #expect(result.timings.allSatisfy { $0.computeBegan <= $0.computeEnded })
            }
        }
    }

    @Test("what does not belong to the pipeline stops the stage with one line")
    func foreignMessages() throws {
        let good = try Self.work(
            stage: 0, type: .float32, microbatch: Self.microbatch(start: 0), messages: []
        ).sent
        // Garbage, a message for another stage, and one of another wire type.
        #expect(throws: StageError.self) {
            try Self.work(stage: 1, messages: [[UInt8](repeating: 7, count: 128)])
        }
        #expect(throws: StageError.self) { try Self.work(stage: 2, messages: good) }
        #expect(throws: StageError.self) {
            try Self.work(stage: 1, type: .bfloat16, messages: good)
        }
    }

    @Test("pages that do not exist, and a model that fails, stop the stage with one line")
    func faults() {
        var wild = Self.microbatch(start: 0)
        wild.chunks[0].pages = [PageID(10)]
        let missing = #expect(throws: StageError.self) {
            try Self.work(stage: 0, microbatch: wild, messages: [])
        }
        #expect(missing?.description == "a microbatch names KV pages that do not exist")
        let failed = #expect(throws: StageError.self) {
            try Self.work(stage: 0, microbatch: Self.microbatch(start: 99), messages: [])
        }
        #expect(failed?.description == "no 99")
    }

    @Test("orders for another kind of stage are refused")
    func wrongOrders() {
        #expect(throws: StageError.self) {
            try Self.work(stage: 1, microbatch: Self.microbatch(start: 0), messages: [])
        }
    }

    private static func microbatch(start: Int) -> Microbatch {
        let chunk = Chunk(
            request: RequestID(5), start: start, tokens: [1, 2], pages: [PageID(3), PageID(4)])
        return Microbatch(id: MicrobatchID(8), chunks: [chunk])
    }

    /// Gives a stage its orders and messages, lets it work until it is told to stop, and returns
    /// what it sent and said.
    private static func work(
        stage: Int, type: ActivationType = .float32, microbatch: Microbatch? = nil,
        messages: [[UInt8]]
    ) throws -> (sent: [[UInt8]], reports: [StageMessage]) {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw LinkError.last("socketpair")
        }
        var coordinator = ControlSocket(descriptor: ends[0])
        let link = StageLink(ControlSocket(descriptor: ends[1]))
        let transport = LooseEndTransport(stage: stage, stageCount: 3)
        transport.inbox = messages
        let configuration = StageConfiguration(
            stage: stage, layerCounts: [1, 1, 1], modelPath: "", dataType: "", kvCacheType: "",
            activationType: type, instructionSet: nil, threadCount: 1, processors: [],
            pageCount: 10, contextLength: 640)
        let worker = StageWorker(
            configuration: configuration, transport: transport, link: link,
            backend: DoublingBackend(isLast: stage == 2))
        if let microbatch, messages.isEmpty {
            try coordinator.send(CoordinatorMessage.run(microbatch))
        } else {
            let count = UInt64(messages.count)
            try coordinator.send(CoordinatorMessage.announce(dispatched: count))
        }
        var computed = 0
        while try worker.step() { computed += 1 }
        var reports: [StageMessage] = []
        while let report: StageMessage = try coordinator.receive() { reports.append(report) }
        return (transport.sent, reports)
    }
}
