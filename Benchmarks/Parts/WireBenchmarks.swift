@testable import PipelineTypes
@testable import StageProtocol

/// What travels between stages: a chunk of 2048 tokens after 64K others, with 8 decode steps.
func wireBenchmarks() {
    let microbatch = crowdedMicrobatch()
    measure("wire: encode a microbatch of \(microbatch.tokenCount) tokens") {
        microbatch
    } timing: {
        encoded($0)
    } expect: {
        (try? decoded($1)) == $0
    }
    measure("wire: decode a microbatch of \(microbatch.tokenCount) tokens") {
        encoded(microbatch)
    } timing: {
        try decoded($0)
    } expect: {
        $1 == microbatch
    }
    for type in [ActivationType.float32, .bfloat16] {
        measure("wire: activations of \(microbatch.tokenCount) x 576 as \(type) and back") {
            ActivationCourier(microbatch: microbatch, hiddenSize: 576, type: type)
        } timing: {
            $0.deliver()
        } expect: {
            $1 == Float(microbatch.tokenCount)
        }
    }
}

private func crowdedMicrobatch() -> Microbatch {
    let step = SamplingStep(
        temperature: 0.7, topP: 0.9, topK: 40, minP: 0, seed: 1, logitBias: [], penalties: nil,
        logprobs: nil)
    let decodes = (0..<8).map { number in
        Chunk(
            request: RequestID(UInt64(number)), start: 1000 * number, tokens: [1],
            pages: pages(for: 1000 * number + 1), outputs: ChunkOutputs(sampling: step))
    }
    let start = 1 << 16
    let prompt = Chunk(
        request: RequestID(8), start: start, tokens: Workloads.prompt(8, tokens: 2048),
        pages: pages(for: start + 2048))
    return Microbatch(id: MicrobatchID(1), chunks: decodes + [prompt])
}

private func pages(for positions: Int) -> [PageID] {
    (0..<Page.count(for: positions)).map { PageID(UInt32($0)) }
}

private func encoded(_ microbatch: Microbatch) -> [UInt8] {
    var writer = ByteWriter()
    microbatch.encode(into: &writer)
    return writer.bytes
}

private func decoded(_ bytes: [UInt8]) throws(CodecError) -> Microbatch {
    var reader = ByteReader(bytes)
    let microbatch: Microbatch = try reader.value()
    try reader.finish()
    return microbatch
}

/// Packs the activations of a microbatch into a message and takes them out again, as two stages do.
private final class ActivationCourier {
    private let pool = BufferPool()
    private let layout: MessageLayout

    init(microbatch: Microbatch, hiddenSize: Int, type: ActivationType) {
        layout = MessageLayout(
            microbatchByteCount: encoded(microbatch).count, timingCount: 0,
            rows: microbatch.tokenCount, hiddenSize: hiddenSize, activationType: type)
    }

    /// Of the first numbers of all rows, which are 1 where the rows are sent.
    func deliver() -> Float {
        let firsts = stride(from: 0, to: layout.elementCount, by: layout.hiddenSize)
        var sent = ActivationRows(for: layout, transport: pool)
        sent.withMutableElements { numbers in
            for first in firsts { numbers[first] = 1 }
        }
        let message = sent.packed(layout: layout, transport: pool)
        let received = ActivationRows(unpacking: message, layout: layout, transport: pool)
        let sum = received.withElements { numbers in firsts.reduce(0) { $0 + numbers[$1] } }
        received.recycle(to: pool)
        return sum
    }
}
