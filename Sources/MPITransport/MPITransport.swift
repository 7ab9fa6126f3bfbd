import COpenMPI
import PipelineTypes
package import StageProtocol

/// `StageTransport` over MPI: stage k is rank k. Messages of any size move by nonblocking calls,
/// in pieces that need no answer; a message is received, as soon as its first piece is here, into
/// one buffer, while the stage still computes the one before it. No call blocks but `init` and
/// `finish`.
///
/// All calls must come from the thread that made it (`MPI_THREAD_FUNNELED`).
package final class MPITransport: StageTransport {
    package let stage: Int
    package let stageCount: Int

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
        sends.append(try Transfer(sending: message, to: stage + 1, block: block))
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
                try transfer.test(block: block)
            }
        }
        for index in 0..<sends.count {
            _ = try sends.withElement(at: index) { transfer throws(TransportError) in
                try transfer.test(block: block)
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

    /// Takes the first piece of the next message off the queue, if it is there. Open MPI looks at
    /// its queues first and at the network afterwards, so news shows at the second look.
    private func match() throws(TransportError) -> (first: MPI_Message?, pieces: MessagePieces)? {
        for _ in 0..<2 {
            var found: Int32 = 0
            var message: MPI_Message?
            var blocks: Int32 = 0
            var tag: Int32 = 0
            let code = penstock_mpi_match(
                Int32(stage - 1), block, &found, &message, &blocks, &tag)
            try check(code, "look for a message from stage \(stage - 1)")
            guard found != 0 else { continue }
            guard let pieces = MessagePieces(firstTag: tag, firstBlocks: blocks) else {
                throw TransportError(
                    "stage \(stage - 1) sent \(tag) pieces of \(blocks) blocks")
            }
            return (message, pieces)
        }
        return nil
    }

    private func beginReceives() throws(TransportError) {
        guard stage > 0 else { return }
        while !receives.isFull {
            guard let (first, pieces) = try match() else { return }
            let buffer = pool.take(byteCount: pieces.blocksMax * MessageBuffer.blockByteCount)
            receives.append(
                try Transfer(
                    receiving: pieces, first: first, into: buffer, from: stage - 1, block: block))
        }
    }
}
