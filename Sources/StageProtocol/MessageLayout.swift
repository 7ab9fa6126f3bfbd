package import PipelineTypes

/// How one microbatch and its activations lie in a message between stages:
///
///     header | microbatch | one timing for each stage passed | padding | activations
///     64 B   |            | 32 B each                        |         | rows × hidden size
///
/// Activations are row-major, one row a token, and begin at a multiple of 64 bytes.
package struct MessageLayout: Hashable, Sendable {
    package static let headerByteCount = 64
    private static let magic: UInt32 = 0x4B_53_4E_50
    private static let version: UInt32 = 1

    package let microbatchByteCount: Int
    package let timingCount: Int
    package let rows: Int
    package let hiddenSize: Int
    package let activationType: ActivationType

    package init(
        microbatchByteCount: Int, timingCount: Int, rows: Int, hiddenSize: Int,
        activationType: ActivationType
    ) {
        self.microbatchByteCount = microbatchByteCount
        self.timingCount = timingCount
        self.rows = rows
        self.hiddenSize = hiddenSize
        self.activationType = activationType
    }

    /// Numbers in the activation matrix.
    package var elementCount: Int {
        rows * hiddenSize
    }

    /// Where the activations begin.
    package var activationOffset: Int {
        MessageBuffer.roundedUp(
            Self.headerByteCount + microbatchByteCount + timingCount * StageTiming.encodedByteCount)
    }

    /// The whole message.
    package var byteCount: Int {
        MessageBuffer.roundedUp(activationOffset + elementCount * activationType.byteCount)
    }

    /// Writes everything but the activations.
    package func write(
        microbatch: [UInt8], timings: [StageTiming], into buffer: inout MessageBuffer
    ) {
        precondition(microbatch.count == microbatchByteCount && timings.count == timingCount)
        var writer = ByteWriter()
        writer.append(Self.magic)
        writer.append(Self.version)
        writer.append(activationType.rawValue)
        writer.append(count: microbatchByteCount)
        writer.append(count: timingCount)
        writer.append(count: rows)
        writer.append(count: hiddenSize)
        writer.pad(toMultipleOf: Self.headerByteCount)
        var tail = ByteWriter()
        for timing in timings { tail.append(timing) }
        let bytes = writer.bytes + microbatch + tail.bytes
        buffer.withMutableElements(UInt8.self, at: 0, count: bytes.count) { target in
            for index in bytes.indices { target[index] = bytes[index] }
        }
    }
}

/// What a message between stages says beside its activations.
package struct MessageContent: Hashable, Sendable {
    package let layout: MessageLayout
    package let microbatch: Microbatch
    /// The microbatch as it was encoded, to be passed on.
    package let encodedMicrobatch: [UInt8]
    /// Of the stages that the microbatch has passed.
    package let timings: [StageTiming]

    /// Reads a message and checks that its parts fit together and into the buffer.
    package init(reading buffer: borrowing MessageBuffer) throws(CodecError) {
        let headerByteCount = MessageLayout.headerByteCount
        guard buffer.byteCount >= headerByteCount else {
            throw .truncated(wanted: headerByteCount, remaining: buffer.byteCount)
        }
        layout = try MessageLayout(
            header: buffer.bytes(at: 0, count: headerByteCount), byteCount: buffer.byteCount)
        encodedMicrobatch = buffer.bytes(at: headerByteCount, count: layout.microbatchByteCount)
        var reader = ByteReader(encodedMicrobatch)
        microbatch = try reader.value()
        try reader.finish()
        guard microbatch.tokenCount == layout.rows else {
            throw .inconsistent("as many rows as tokens were expected")
        }
        let timingOffset = headerByteCount + layout.microbatchByteCount
        let timingByteCount = layout.timingCount * StageTiming.encodedByteCount
        var timingReader = ByteReader(buffer.bytes(at: timingOffset, count: timingByteCount))
        var timings: [StageTiming] = []
        for _ in 0..<layout.timingCount { timings.append(try timingReader.value()) }
        self.timings = timings
    }
}

extension MessageLayout {
    fileprivate init(header: [UInt8], byteCount: Int) throws(CodecError) {
        var reader = ByteReader(header)
        guard try reader.integer(UInt32.self) == Self.magic else {
            throw .inconsistent("it does not begin as a message between stages does")
        }
        guard try reader.integer(UInt32.self) == Self.version else { throw .outOfRange("version") }
        activationType = try reader.value()
        // With these bounds no product or sum below can overflow.
        microbatchByteCount = try reader.count("microbatch length", max: byteCount)
        timingCount = try reader.count("number of timings", max: Int(UInt16.max))
        rows = try reader.count("number of rows", max: Int(Int32.max))
        hiddenSize = try reader.count("hidden size", max: 1 << 24)
        guard self.byteCount == byteCount else {
            throw .inconsistent("its length is not that of its parts")
        }
    }
}
