import COpenMPI
import PipelineTypes
import StageProtocol

/// A message on its way, in pieces; MPI uses the buffer until the transfer is complete.
struct Transfer: ~Copyable {
    private var buffer: MessageBuffer
    private let pieces: MessagePieces
    private let isReceive: Bool
    /// Of the pieces, in their order.
    private var requests: [MPI_Request?] = []
    private var doneCount = 0
    private(set) var completed: Instant?

    /// Begins to send a message to a stage.
    init(
        sending message: consuming MessageBuffer, to stage: Int, block: MPI_Datatype
    ) throws(TransportError) {
        let blocks = message.byteCount / MessageBuffer.blockByteCount
        buffer = message
        pieces = MessagePieces(blocks: blocks)
        isReceive = false
        for piece in 0..<pieces.count {
            let range = pieces.range(piece, of: blocks)
            let tag = piece == 0 ? pieces.firstTag : MessagePieces.followingTag
            var request = penstock_mpi_no_request()
            let code = MPI_Isend(
                buffer.baseAddress + range.lowerBound * MessageBuffer.blockByteCount,
                Int32(range.count), block, Int32(stage), tag, penstock_mpi_world(), &request)
            try check(code, "send to stage \(stage)")
            requests.append(request)
        }
    }

    /// Begins to receive a message whose first piece is there. Until then, nobody asks for the
    /// others, so they are the next ones with their tag.
    ///
    /// - Parameter buffer: Has room for all pieces.
    init(
        receiving pieces: MessagePieces, first: MPI_Message?,
        into buffer: consuming MessageBuffer, from stage: Int, block: MPI_Datatype
    ) throws(TransportError) {
        self.buffer = buffer
        self.pieces = pieces
        isReceive = true
        for piece in 0..<pieces.count {
            let range = pieces.range(piece, of: pieces.blocksMax)
            let start = self.buffer.baseAddress + range.lowerBound * MessageBuffer.blockByteCount
            var request = penstock_mpi_no_request()
            var first = first
            let code =
                piece == 0
                ? MPI_Imrecv(start, Int32(range.count), block, &first, &request)
                : MPI_Irecv(
                    start, Int32(range.count), block, Int32(stage), MessagePieces.followingTag,
                    penstock_mpi_world(), &request)
            try check(code, "receive from stage \(stage)")
            requests.append(request)
        }
    }

    /// Looks whether more pieces have arrived or gone.
    mutating func test(block: MPI_Datatype) throws(TransportError) {
        guard completed == nil else { return }
        while doneCount < requests.count {
            var done: Int32 = 0
            var blocks: Int32 = 0
            try check(
                penstock_mpi_test(&requests[doneCount], block, &done, &blocks), "move a message")
            guard done != 0 else { return }
            if isReceive { try note(blocks: Int(blocks)) }
            doneCount += 1
        }
        completed = MonotonicClock.now()
    }

    /// A piece has arrived; the last one tells how long the message is.
    private mutating func note(blocks: Int) throws(TransportError) {
        let isLast = doneCount == pieces.count - 1
        guard isLast || blocks == pieces.blocksEach else {
            throw TransportError("a piece of a message arrived with \(blocks) blocks")
        }
        if isLast {
            let total = doneCount * pieces.blocksEach + blocks
            buffer.resize(to: total * MessageBuffer.blockByteCount)
        }
    }

    consuming func intoBuffer() -> MessageBuffer {
        precondition(completed != nil, "MPI still uses the buffer")
        return buffer
    }
}

/// Throws what MPI says about an error code.
func check(_ code: Int32, _ operation: String) throws(TransportError) {
    guard penstock_mpi_succeeded(code) == 0 else { return }
    var text = [CChar](repeating: 0, count: Int(PENSTOCK_MPI_TEXT_SIZE))
    penstock_mpi_error_text(code, &text)
    let reason = String(
        decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw TransportError("could not \(operation): \(reason)")
}
