import PipelineTypes
import StageProtocol

/// A microbatch that a stage is to compute, with the activations of the stage before.
struct StageInput: ~Copyable {
    let microbatch: Microbatch
    /// The same, as it is passed on.
    let encodedMicrobatch: [UInt8]
    /// Of the stages that it has passed.
    let timings: [StageTiming]
    let arrived: Instant
    let rows: ActivationRows

    /// What the first stage hears from the coordinator.
    init(dispatched microbatch: Microbatch, at arrived: Instant) {
        var writer = ByteWriter()
        writer.append(microbatch)
        self.microbatch = microbatch
        encodedMicrobatch = writer.bytes
        timings = []
        self.arrived = arrived
        rows = ActivationRows()
    }

    /// What other stages hear from the one before; `agreed` checks the shape.
    init(
        message: consuming ArrivedMessage, transport: some StageTransport,
        agreed: (MessageLayout) -> Bool
    ) throws(CodecError) {
        let content = try MessageContent(reading: message.buffer)
        guard agreed(content.layout) else {
            throw .inconsistent("its activations have another shape than agreed")
        }
        microbatch = content.microbatch
        encodedMicrobatch = content.encodedMicrobatch
        timings = content.timings
        arrived = message.arrived
        rows = ActivationRows(
            unpacking: message.intoBuffer(), layout: content.layout, transport: transport)
    }

    /// Ends the use of the activations.
    consuming func recycle(to transport: some StageTransport) {
        rows.recycle(to: transport)
    }
}
