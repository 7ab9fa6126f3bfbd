import DequeModule
import PipelineTypes

extension Scheduler {
    mutating func complete(_ result: MicrobatchResult, into actions: inout [Action]) {
        // Late results of a pipeline that is lost mean nothing.
        guard isPipelineReady, result.id.rawValue >= firstMicrobatch else { return }
        if let fault = fault(of: result) {
            actions.append(.protocolViolation(fault))
            losePipeline()
            return
        }
        let batch = inFlight.removeFirst()
        chunks.note(batch, result.timings)
        for (index, slot) in batch.slots.enumerated() {
            settle(slot, batch.microbatch.chunks[index], result.chunks[index], into: &actions)
        }
    }

    private func fault(of result: MicrobatchResult) -> String? {
        guard let expected = inFlight.first else {
            return "microbatch \(result.id.rawValue) came back, but none is in flight"
        }
        return expected.fault(of: result)
    }

    private mutating func settle(
        _ slot: RequestSlot, _ chunk: Chunk, _ result: ChunkResult, into actions: inout [Action]
    ) {
        requests[slot].chunksInFlight -= 1
        guard requests[slot].phase != .draining else {
            forgetIfDrained(slot)
            return
        }
        guard result.isFinite else {
            return end(
                slot,
                .failed(
                    "The model computed no finite numbers: its weights may be damaged, or too "
                        + "large for the type they are computed in."), into: &actions)
        }
        if !result.promptLogprobs.isEmpty {
            requests[slot].nextScored += result.promptLogprobs.count
            actions.append(.deliver(chunk.request, .promptLogprobs(result.promptLogprobs)))
        }
        if let sampled = result.sampled {
            requests[slot].append(sampled.token, dueSince: MicrobatchID(nextMicrobatch))
            totals.generatedTokens += 1
            actions.append(.deliver(chunk.request, .token(sampled)))
        }
        // Nothing is known beyond this chunk, or beyond the token that was sampled from it.
        let isLast = requests[slot].tokens.count == chunk.end + (result.sampled == nil ? 0 : 1)
        if isLast, let reason = requests[slot].finishReason {
            end(slot, .finished(reason), into: &actions)
        } else if requests[slot].phase == .steppingBack {
            rewindIfBack(slot)
        }
    }
}
