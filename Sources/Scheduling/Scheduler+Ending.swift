import DequeModule
import KVPaging
import PipelineTypes

extension Scheduler {
    /// Tells a request how it ended and gives up its pages, at once or when the last chunk that
    /// uses them is back.
    mutating func end(_ slot: RequestSlot, _ end: RequestEnd, into actions: inout [Action]) {
        switch requests[slot].phase {
        case .running:
            running.removeAll { $0 == slot }
        case .waiting:
            waiting.removeAll { $0 == slot }
        case .steppingBack:
            waiting.removeAll { $0 == slot }
            leavingCount -= 1
        case .draining:
            preconditionFailure("a request ends twice")
        }
        count(end)
        actions.append(.deliver(requests[slot].id, .ended(end)))
        requests[slot].phase = .draining
        leavingCount += 1
        forgetIfDrained(slot)
    }

    mutating func forgetIfDrained(_ slot: RequestSlot) {
        guard requests[slot].chunksInFlight == 0 else { return }
        kv.release(&requests[slot].table)
        requests.remove(slot)
        leavingCount -= 1
    }

    private mutating func count(_ end: RequestEnd) {
        switch end {
        case .finished: totals.finishedRequests += 1
        case .cancelled: totals.cancelledRequests += 1
        case .rejected: totals.rejectedRequests += 1
        case .failed: totals.failedRequests += 1
        }
    }
}
