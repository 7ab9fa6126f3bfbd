@testable import StageProtocol

/// The memory of a transport that leads nowhere; it keeps the two buffers recycled last.
final class BufferPool: StageTransport {
    let stage = 0
    let stageCount = 1
    let unfinishedSendCount = 0
    let canSend = false
    private var newer: MessageBuffer?
    private var older: MessageBuffer?

    func makeBuffer(byteCount: Int) -> MessageBuffer {
        if let buffer = Self.take(&newer, byteCount) { return buffer }
        if let buffer = Self.take(&older, byteCount) { return buffer }
        return MessageBuffer(byteCount: byteCount)
    }

    /// What is kept, if it has room for so many bytes.
    private static func take(_ kept: inout MessageBuffer?, _ byteCount: Int) -> MessageBuffer? {
        guard var buffer = kept.take() else { return nil }
        guard buffer.capacity >= byteCount else {
            kept = consume buffer
            return nil
        }
        buffer.resize(to: byteCount)
        return consume buffer
    }

    func recycle(_ buffer: consuming MessageBuffer) {
        older = newer.take()
        newer = consume buffer
    }

    func send(_ message: consuming MessageBuffer) throws(TransportError) {
        throw TransportError("there is no next stage")
    }

    func receive() throws(TransportError) -> ArrivedMessage? { nil }
    func progress() throws(TransportError) {}
    func finish() throws(TransportError) {}
    func abort() {}
}
