/// One message on the control link: a 32-bit length, a kind, and length − 1 bytes of payload.
package struct Frame: Hashable, Sendable {
    /// Length and kind.
    package static let headerByteCount = 5
    /// No message is longer: a prompt of a million tokens computed in one chunk takes 5 MB.
    package static let payloadByteCountMax = 256 << 20

    package var kind: UInt8
    package var payload: [UInt8]

    package init(kind: UInt8, payload: [UInt8]) {
        self.kind = kind
        self.payload = payload
    }

    package func encoded() -> [UInt8] {
        precondition(payload.count <= Self.payloadByteCountMax, "a frame has a maximum length")
        var writer = ByteWriter()
        writer.append(UInt32(payload.count + 1))
        writer.append(kind)
        return writer.bytes + payload
    }
}

/// Cuts a stream of bytes into frames.
package struct FrameReader: Sendable {
    /// A longer frame is an error; raise it once the peer is known.
    package var payloadByteCountMax: Int
    private var bytes: [UInt8] = []
    private var consumed = 0

    package init(payloadByteCountMax: Int = Frame.payloadByteCountMax) {
        self.payloadByteCountMax = payloadByteCountMax
    }

    package mutating func append(_ new: ArraySlice<UInt8>) {
        if consumed > 0 {
            bytes.removeFirst(consumed)
            consumed = 0
        }
        bytes.append(contentsOf: new)
    }

    /// The next frame, nil until it has arrived in full.
    package mutating func next() throws(CodecError) -> Frame? {
        let available = bytes.count - consumed
        guard available >= 4 else { return nil }
        let length = (0..<4).reduce(0) { $0 | Int(bytes[consumed + $1]) << (8 * $1) }
        guard length >= 1, length - 1 <= payloadByteCountMax else {
            throw .outOfRange("frame length")
        }
        guard available >= 4 + length else { return nil }
        let payloadStart = consumed + Frame.headerByteCount
        let end = consumed + 4 + length
        let frame = Frame(kind: bytes[consumed + 4], payload: Array(bytes[payloadStart..<end]))
        consumed = end
        return frame
    }
}
