import DequeModule
import PipelineTypes

extension Scheduler {
    /// The largest difference between the ids of the microbatches with two consecutive steps of a
    /// decoding request, as long as there are pages and `decoders` requests have one token to
    /// compute or in flight.
    ///
    /// When the first of the two steps comes back, all others in flight were dispatched after it.
    /// Then the request waits for its turn: those that became due earlier go first, one
    /// microbatch's worth at a time.
    package func decodeGapMax(decoders: Int) -> Int {
        let perMicrobatch = decodeStepsMax(decoders: decoders)
        let turns = (decoders + perMicrobatch - 1) / perMicrobatch
        return limits.microbatchesInFlightMax - 1 + turns
    }

    /// Dispatches microbatches until enough are in flight or nothing is left to compute.
    mutating func dispatchMicrobatches(at now: Instant, into actions: inout [Action]) {
        while isPipelineReady, inFlight.count < limits.microbatchesInFlightMax {
            admitRequests()
            if inFlight.count >= limits.microbatchesInFlightMaxWithDecoders, hasDecoders { return }
            if inFlight.count >= limits.decodeMicrobatchesInFlightMax, !hasPrompts { return }
            var batch = MicrobatchInFlight(MicrobatchID(nextMicrobatch), dispatched: now)
            addDecodeSteps(to: &batch, into: &actions)
            addPromptChunks(to: &batch, into: &actions)
            guard !batch.slots.isEmpty else { return }
            nextMicrobatch += 1
            totals.microbatches += 1
            inFlight.append(batch)
            actions.append(.dispatch(batch.microbatch))
        }
    }

    private var hasDecoders: Bool {
        running.contains { requests[$0].hasStepsToCome }
    }

    private var hasPrompts: Bool {
        running.contains { requests[$0].remaining > 1 }
    }

    /// Adds a step for the requests that have one token to compute, those that are due longest
    /// first. So few at a time that every stage has some of them to work on.
    private mutating func addDecodeSteps(
        to batch: inout MicrobatchInFlight, into actions: inout [Action]
    ) {
        let decoders = running.count { requests[$0].isDecoding }
        let stepsMax = decodeStepsMax(decoders: decoders)
        let due = running.filter { requests[$0].remaining == 1 }.sorted {
            (requests[$0].dueSince, requests[$0].age)
                < (requests[$1].dueSince, requests[$1].age)
        }
        for slot in due {
            guard batch.slots.count < stepsMax else { return }
            // It may have stepped back for one before it.
            guard requests[slot].phase == .running, secureTokens(1, for: slot) == 1 else {
                continue
            }
            add(1, of: slot, to: &batch, into: &actions)
        }
    }

    private func decodeStepsMax(decoders: Int) -> Int {
        limits.microbatchRequestsMax
            ?? max(1, (decoders + limits.stageCount - 1) / limits.stageCount)
    }

    /// Adds the next chunks of prompts, the oldest first, until the microbatch is full. Nobody
    /// overtakes a request that waits for pages or does not fit.
    private mutating func addPromptChunks(
        to batch: inout MicrobatchInFlight, into actions: inout [Action]
    ) {
        var room: PromptRoom?
        var index = 0
        while index < running.count {
            let slot = running[index]
            index += 1
            guard requests[slot].remaining > 1 else { continue }
            adoptPages(for: slot)
            let start = requests[slot].dispatched
            var wanted: Int
            if let room {
                wanted = room.chunkTokens(at: start, remaining: requests[slot].remaining)
            } else {
                (room, wanted) = beginPrompts(with: slot, in: batch)
            }
            let count = wanted == 0 ? 0 : secureTokens(wanted, for: slot)
            guard count > 0 else { return }
            add(count, of: slot, to: &batch, into: &actions)
            room?.take(count, at: start)
        }
    }

    /// Room of a microbatch for prompts, and tokens of the first one's chunk.
    private mutating func beginPrompts(
        with slot: RequestSlot, in batch: MicrobatchInFlight
    ) -> (PromptRoom?, Int) {
        var plan = requests[slot].plan
        requests[slot].plan = nil
        let positions = requests[slot].dispatched..<requests[slot].tokens.count
        let (room, tokens) = chunks.begin(
            positions, plan: &plan, situation(in: batch), inFlight: inFlight)
        requests[slot].plan = plan
        return (room, tokens)
    }

    private func situation(in batch: MicrobatchInFlight) -> ChunkPlanner.Situation {
        var queue: [Range<Int>] = []
        var hasDecoders = false
        for other in running {
            let request = requests[other]
            if request.remaining > 1 {
                queue.append(request.dispatched..<request.tokens.count)
            } else {
                hasDecoders = hasDecoders || request.hasStepsToCome
            }
        }
        for other in waiting {
            queue.append(requests[other].dispatched..<requests[other].tokens.count)
        }
        return ChunkPlanner.Situation(
            now: batch.dispatched, queue: queue, decodeSteps: batch.load,
            hasDecoders: hasDecoders)
    }

    private mutating func add(
        _ count: Int, of slot: RequestSlot, to batch: inout MicrobatchInFlight,
        into actions: inout [Action]
    ) {
        if !requests[slot].isStarted { start(slot, at: batch.dispatched, into: &actions) }
        let chunk = requests[slot].takeChunk(count, in: batch.microbatch.id, from: &kv)
        batch.append(chunk, of: slot)
    }

    private mutating func start(
        _ slot: RequestSlot, at now: Instant, into actions: inout [Action]
    ) {
        requests[slot].isStarted = true
        let request = requests[slot]
        totals.startedRequests += 1
        totals.promptTokens += request.promptCount
        totals.queueNanoseconds += now.nanoseconds - request.submitted.nanoseconds
        actions.append(.deliver(request.id, .started(cachedTokens: request.dispatched)))
    }
}
