import COpenMPI
import PipelineTypes
package import StageProtocol

/// `StageTransport` over MPI: stage k is rank k. Messages of any size move by nonblocking calls;
/// a message is received, as soon as its envelope is here, into a buffer of exactly its size,
/// while the stage still computes the one before it. No call blocks but `init` and `finish`.
///
/// All calls must come from the thread that made it (`MPI_THREAD_FUNNELED`).
package final class MPITransport: StageTransport {
    package let stage: Int
    package let stageCount: Int

    private static let tag: Int32 = 1
    /// A longer message is not one of ours.
    private static let blockCountMax: Int32 = 1 << 30

    /// Transfers under way, oldest first.
    private var sends = FixedQueue<4, Transfer>()
    private var receives = FixedQueue<4, Transfer>()
    private var pool = BufferPool()
    private let block: MPI_Datatype

    /// Joins the job that `mpirun` started; waits for all of its stages.
    package init() throws(TransportError) {
        var stage: Int32 = 0
        var stageCount: Int32 = 0
        var block: MPI_Datatype?
        try check(penstock_mpi_initialize(), "initialise MPI")
        try check(MPI_Comm_rank(penstock_mpi_world(), &stage), "find out this stage's rank")
        try check(MPI_Comm_size(penstock_mpi_world(), &stageCount), "count the stages")
        try check(penstock_mpi_make_block_type(&block), "describe messages")
        guard let block, Int(PENSTOCK_MPI_BLOCK_SIZE) == MessageBuffer.blockByteCount else {
            throw TransportError("MPI did not describe messages")
        }
        self.stage = Int(stage)
        self.stageCount = Int(stageCount)
        self.block = block
    }

    package var unfinishedSendCount: Int {
        sends.count
    }

    package var canSend: Bool {
        !sends.isFull
    }

    package func makeBuffer(byteCount: Int) -> MessageBuffer {
        pool.take(byteCount: byteCount)
    }

    package func recycle(_ buffer: consuming MessageBuffer) {
        pool.keep(buffer)
    }

    package func send(_ message: consuming MessageBuffer) throws(TransportError) {
        precondition(stage + 1 < stageCount, "the last stage has nowhere to send")
        var request = penstock_mpi_no_request()
        let code = MPI_Isend(
            message.baseAddress, Int32(message.byteCount / MessageBuffer.blockByteCount), block,
            Int32(stage + 1), Self.tag, penstock_mpi_world(), &request)
        try check(code, "send to stage \(stage + 1)")
        sends.append(Transfer(buffer: message, request: request))
    }

    package func receive() throws(TransportError) -> ArrivedMessage? {
        try progress()
        guard let completed = receives.withElement(at: 0, { $0.completed }), let completed,
            let transfer = receives.popFirst()
        else { return nil }
        return ArrivedMessage(buffer: transfer.intoBuffer(), arrived: completed)
    }

    package func progress() throws(TransportError) {
        try beginReceives()
        for index in 0..<receives.count {
            _ = try receives.withElement(at: index) { transfer throws(TransportError) in
                try transfer.test()
            }
        }
        for index in 0..<sends.count {
            _ = try sends.withElement(at: index) { transfer throws(TransportError) in
                try transfer.test()
            }
        }
        while sends.withElement(at: 0, { $0.completed != nil }) == true, let sent = sends.popFirst()
        {
            pool.keep(sent.intoBuffer())
        }
    }

    package func finish() throws(TransportError) {
        try check(MPI_Finalize(), "leave MPI")
    }

    package func abort() {
        MPI_Abort(penstock_mpi_world(), 1)
    }

    /// Takes the next message off the queue, if there is one. Open MPI looks at its queues first
    /// and at the network afterwards, so news shows at the second look.
    private func match() throws(TransportError) -> (message: MPI_Message?, blocks: Int32)? {
        for _ in 0..<2 {
            var found: Int32 = 0
            var message: MPI_Message?
            var blocks: Int32 = 0
            let code = penstock_mpi_match(
                Int32(stage - 1), Self.tag, block, &found, &message, &blocks)
            try check(code, "look for a message from stage \(stage - 1)")
            if found != 0 { return (message, blocks) }
        }
        return nil
    }

    private func beginReceives() throws(TransportError) {
        guard stage > 0 else { return }
        while !receives.isFull {
            guard let next = try match() else { return }
            var message = next.message
            let blocks = next.blocks
            guard blocks >= 0, blocks <= Self.blockCountMax else {
                throw TransportError("stage \(stage - 1) sent a message of \(blocks) blocks")
            }
            let buffer = pool.take(byteCount: Int(blocks) * MessageBuffer.blockByteCount)
            var request = penstock_mpi_no_request()
            let code = MPI_Imrecv(buffer.baseAddress, blocks, block, &message, &request)
            try check(code, "receive from stage \(stage - 1)")
            receives.append(Transfer(buffer: buffer, request: request))
        }
    }
}

/// A message on its way; MPI uses the buffer until the transfer is complete.
private struct Transfer: ~Copyable {
    private let buffer: MessageBuffer
    private var request: MPI_Request?
    private(set) var completed: Instant?

    init(buffer: consuming MessageBuffer, request: MPI_Request?) {
        self.buffer = buffer
        self.request = request
    }

    mutating func test() throws(TransportError) {
        guard completed == nil else { return }
        var done: Int32 = 0
        try check(penstock_mpi_test(&request, &done), "move a message")
        if done != 0 { completed = MonotonicClock.now() }
    }

    consuming func intoBuffer() -> MessageBuffer {
        precondition(completed != nil, "MPI still uses the buffer")
        return buffer
    }
}

/// Throws what MPI says about an error code.
private func check(_ code: Int32, _ operation: String) throws(TransportError) {
    guard penstock_mpi_succeeded(code) == 0 else { return }
    var text = [CChar](repeating: 0, count: Int(PENSTOCK_MPI_TEXT_SIZE))
    penstock_mpi_error_text(code, &text)
    let reason = String(
        decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw TransportError("could not \(operation): \(reason)")
}
