import CPlatform
import Glibc

/// One end of a control link; closes it when it goes out of scope.
package struct ControlSocket: ~Copyable, Sendable {
    package let descriptor: Int32
    private var scratch = [UInt8](repeating: 0, count: 64 << 10)
    private var frames: FrameReader

    /// Takes over an open descriptor.
    package init(descriptor: Int32, payloadByteCountMax: Int = Frame.payloadByteCountMax) {
        self.descriptor = descriptor
        frames = FrameReader(payloadByteCountMax: payloadByteCountMax)
    }

    /// Connects to a listening coordinator.
    package init(connectingTo address: ControlAddress) throws(LinkError) {
        let descriptor =
            switch address {
            case .unix(let path): penstock_connect_unix(path)
            case .tcp(let host, let port): penstock_connect_tcp(host, String(port))
            }
        guard descriptor >= 0 else { throw .last("connect to \(address)") }
        self.init(descriptor: descriptor)
    }

    deinit {
        close(descriptor)
    }

    /// Longer frames are an error from now on.
    package mutating func limitPayloads(to byteCount: Int) {
        frames.payloadByteCountMax = byteCount
    }

    /// The next message that has arrived in full, or nil; never waits.
    package mutating func receive<Message: FramedMessage>(
        _: Message.Type = Message.self
    ) throws(LinkError) -> Message? {
        while true {
            do {
                if let frame = try frames.next() { return try Message(frame) }
            } catch {
                throw .malformed(error)
            }
            let count = recv(descriptor, &scratch, scratch.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                frames.append(scratch[..<count])
            } else if count == 0 {
                throw .closed
            } else if errno == EAGAIN {
                return nil
            } else if errno == ECONNRESET || errno == EPIPE {
                throw .closed
            } else if errno != EINTR {
                throw .last("receive on the control link")
            }
        }
    }

    /// Sends a message, waiting for as long as it takes.
    package func send(_ message: some FramedMessage) throws(LinkError) {
        let bytes = message.framed()
        var sent = 0
        while sent < bytes.count {
            sent += try send(bytes[sent...], flags: 0)
        }
    }

    /// Sends as much as the link takes at once; returns how many bytes that was.
    package func sendWithoutWaiting(_ bytes: ArraySlice<UInt8>) throws(LinkError) -> Int {
        try send(bytes, flags: Int32(MSG_DONTWAIT))
    }

    private func send(_ bytes: ArraySlice<UInt8>, flags: Int32) throws(LinkError) -> Int {
        while true {
            let count = bytes.withContiguousStorageIfAvailable {
                Glibc.send(descriptor, $0.baseAddress, $0.count, flags | Int32(MSG_NOSIGNAL))
            }
            if let count, count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: return 0
            case EPIPE, ECONNRESET: throw .closed
            default: throw .last("send on the control link")
            }
        }
    }
}
