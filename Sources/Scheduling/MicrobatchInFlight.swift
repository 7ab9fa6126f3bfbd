import PipelineTypes

/// A microbatch that was dispatched and has not come back.
struct MicrobatchInFlight: Sendable {
    private(set) var microbatch: Microbatch
    /// The requests of its chunks.
    private(set) var slots: [RequestSlot] = []
    private(set) var load = MicrobatchLoad()
    let dispatched: Instant

    init(_ id: MicrobatchID, dispatched: Instant) {
        microbatch = Microbatch(id: id, chunks: [])
        self.dispatched = dispatched
    }

    mutating func append(_ chunk: Chunk, of slot: RequestSlot) {
        microbatch.chunks.append(chunk)
        slots.append(slot)
        load.add(chunk)
    }

    /// What is wrong with the result that came back for it, if anything.
    func fault(of result: MicrobatchResult) -> String? {
        guard result.id == microbatch.id else {
            return "microbatch \(result.id.rawValue) came back before \(microbatch.id.rawValue)"
        }
        guard result.chunks.count == microbatch.chunks.count else {
            return "microbatch \(result.id.rawValue) of \(microbatch.chunks.count) chunks came back"
                + " with \(result.chunks.count)"
        }
        for (chunk, answer) in zip(microbatch.chunks, result.chunks) {
            if let fault = Self.fault(of: answer, for: chunk) {
                return
                    "microbatch \(result.id.rawValue), request \(chunk.request.rawValue): \(fault)"
            }
        }
        return nil
    }

    private static func fault(of answer: ChunkResult, for chunk: Chunk) -> String? {
        guard answer.request == chunk.request else {
            return "the result is of request \(answer.request.rawValue)"
        }
        guard answer.isFinite else { return nil }
        guard (answer.sampled != nil) == (chunk.outputs.sampling != nil) else {
            return answer.sampled == nil ? "no token was sampled" : "nobody asked for a token"
        }
        let targets = chunk.outputs.promptLogprobs?.targets ?? []
        guard answer.promptLogprobs.map(\.token) == targets else {
            return "the scored tokens are not those of the prompt"
        }
        return nil
    }
}
