package import PipelineTypes

/// Moves messages along the pipeline: from the stage before this one, and to the one after it.
/// Messages arrive whole and in the order in which they were sent. Used from one thread.
package protocol StageTransport: AnyObject {
    /// This stage's place in the pipeline, from 0.
    var stage: Int { get }
    var stageCount: Int { get }

    /// Sends that have begun and not ended.
    var unfinishedSendCount: Int { get }
    /// Whether `send` may be called: the number of unfinished sends is bounded.
    var canSend: Bool { get }

    /// A buffer for a message of so many bytes, taken from those handed back where one fits.
    func makeBuffer(byteCount: Int) -> MessageBuffer

    /// Hands back a buffer that is no longer needed.
    func recycle(_ buffer: consuming MessageBuffer)

    /// Begins to send a message to the next stage, and owns its buffer from now on.
    func send(_ message: consuming MessageBuffer) throws(TransportError)

    /// The next message from the stage before, if one has arrived in full.
    func receive() throws(TransportError) -> ArrivedMessage?

    /// Moves what is under way. Call it every few milliseconds while computing, because
    /// transfers may move only inside such calls.
    func progress() throws(TransportError)

    /// Leaves the job in good order; every stage must.
    func finish() throws(TransportError)

    /// Ends the whole job, all of its stages.
    func abort()
}

/// A message from the stage before, and when the last of it was here.
package struct ArrivedMessage: ~Copyable {
    package var buffer: MessageBuffer
    package let arrived: Instant

    package init(buffer: consuming MessageBuffer, arrived: Instant) {
        self.buffer = buffer
        self.arrived = arrived
    }

    package consuming func intoBuffer() -> MessageBuffer {
        buffer
    }
}

/// Why messages cannot be moved any more.
package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
