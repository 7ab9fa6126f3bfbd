import DequeModule
import KVPaging
import PipelineTypes

extension Scheduler {
    /// Lets waiting requests run, in their order, as long as there are pages for all that is known
    /// of them.
    mutating func admitRequests() {
        guard isPipelineReady else { return }
        while let slot = waiting.first, requests[slot].phase == .waiting, hasRoom(for: slot) {
            waiting.removeFirst()
            running.append(slot)
            requests[slot].phase = .running
            requests[slot].dueSince = MicrobatchID(nextMicrobatch)
            adoptPages(for: slot)
        }
    }

    /// Whether the pages suffice for all known tokens of this request, besides those that running
    /// requests still need for theirs, with one page each in reserve for what they generate. A
    /// request that is alone needs no reserve: it may have every page.
    private func hasRoom(for slot: RequestSlot) -> Bool {
        guard running.count + leavingCount < limits.runningRequestsMax else { return false }
        let reserved = running.isEmpty ? 0 : running.count + 1
        let promised = running.reduce(0) { $0 + requests[$1].missingPages }
        let room = kv.availableCount - reserved - promised
        let request = requests[slot]
        if request.missingPages <= room { return true }
        guard request.sharesPages else { return false }
        let heldPages = kv.cache.pageCount - kv.cache.unlockedCount
        guard request.missingPages - heldPages <= room else { return false }
        let shared = kv.heldPrefixLength(of: request.tokens, before: request.reuseLimit)
        return request.missingPages - shared <= room
    }

    /// Continues a request with cached pages, if it is at a page boundary and there are any.
    mutating func adoptPages(for slot: RequestSlot) {
        let positions = requests[slot].adoptPages(from: &kv)
        if !requests[slot].isReplay { totals.cachedTokens += positions }
    }
}
