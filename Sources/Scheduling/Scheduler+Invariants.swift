import DequeModule
import KVPaging
import PipelineTypes

extension Scheduler {
    /// Traps if the state contradicts itself. Takes time in proportion to all pages.
    package func _checkInvariants() {
        let all = requests.occupied
        kv._checkInvariants(tables: all.map { requests[$0].table })
        checkOrder()
        var inFlightCounts: [RequestSlot: Int] = [:]
        for batch in inFlight {
            precondition(batch.slots.count == batch.microbatch.chunks.count)
            for (slot, chunk) in zip(batch.slots, batch.microbatch.chunks) {
                inFlightCounts[slot, default: 0] += 1
                let state = requests[slot]
                precondition(state.id == chunk.request, "a chunk in flight has lost its request")
                precondition(
                    state.table.pages.starts(with: chunk.pages), "a page in flight was given away")
            }
        }
        for slot in all {
            let state = requests[slot]
            precondition(state.chunksInFlight == inFlightCounts[slot, default: 0])
            precondition(state.table.pages.count == Page.count(for: state.dispatched))
            precondition(state.phase != .waiting || state.table.pages.isEmpty)
        }
        let leaving = all.filter { [.draining, .steppingBack].contains(requests[$0].phase) }
        precondition(leaving.count == leavingCount, "those that leave are miscounted")
        precondition(leaving.allSatisfy { requests[$0].chunksInFlight > 0 })
        precondition(inFlight.count <= limits.microbatchesInFlightMax)
        precondition(isPipelineReady || inFlight.isEmpty && running.isEmpty)
    }

    private func checkOrder() {
        let queue = running + waiting
        let ages = queue.map { requests[$0].age }
        precondition(zip(ages, ages.dropFirst()).allSatisfy(<), "somebody has overtaken")
        precondition(running.allSatisfy { requests[$0].phase == .running })
        precondition(waiting.allSatisfy { [.waiting, .steppingBack].contains(requests[$0].phase) })
    }
}
