/// The 32-bit activations of one microbatch, row-major. Where the wire carries 32-bit floats they
/// lie inside the message itself, so that nothing is copied on the way.
package struct ActivationRows: ~Copyable {
    private var buffer: MessageBuffer
    private let offset: Int
    private let count: Int

    /// No rows: what goes into the first stage and comes out of the last.
    package init() {
        buffer = MessageBuffer(byteCount: 0)
        offset = 0
        count = 0
    }

    /// The activations of a received message.
    package init(
        unpacking message: consuming MessageBuffer, layout: MessageLayout,
        transport: some StageTransport
    ) {
        count = layout.elementCount
        switch layout.activationType {
        case .float32:
            buffer = message
            offset = layout.activationOffset
        case .bfloat16:
            var wide = transport.makeBuffer(byteCount: layout.elementCount * 4)
            message.withElements(
                UInt16.self, at: layout.activationOffset, count: layout.elementCount
            ) { source in
                wide.withMutableElements(Float.self, at: 0, count: source.count) { target in
                    BFloat16.widen(source, into: &target)
                }
            }
            transport.recycle(message)
            buffer = wide
            offset = 0
        }
    }

    /// Room for activations that are to be sent in a message of this layout.
    package init(for layout: MessageLayout, transport: some StageTransport) {
        count = layout.elementCount
        switch layout.activationType {
        case .float32:
            buffer = transport.makeBuffer(byteCount: layout.byteCount)
            offset = layout.activationOffset
        case .bfloat16:
            buffer = transport.makeBuffer(byteCount: layout.elementCount * 4)
            offset = 0
        }
    }

    /// The message that carries these activations, still without its header.
    package consuming func packed(
        layout: MessageLayout, transport: some StageTransport
    ) -> MessageBuffer {
        switch layout.activationType {
        case .float32:
            return buffer
        case .bfloat16:
            var message = transport.makeBuffer(byteCount: layout.byteCount)
            buffer.withElements(Float.self, at: 0, count: count) { source in
                message.withMutableElements(
                    UInt16.self, at: layout.activationOffset, count: source.count
                ) { target in
                    BFloat16.round(source, into: &target)
                }
            }
            transport.recycle(buffer)
            return message
        }
    }

    /// Gives the memory back.
    package consuming func recycle(to transport: some StageTransport) {
        transport.recycle(buffer)
    }

    /// Lends the activations.
    package func withElements<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try buffer.withElements(Float.self, at: offset, count: count, body)
    }

    /// Lends the activations for writing.
    package mutating func withMutableElements<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try buffer.withMutableElements(Float.self, at: offset, count: count, body)
    }
}
