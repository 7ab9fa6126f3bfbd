import DequeModule
import KVPaging
import PipelineTypes

/// Who gets pages when they run out.
///
/// A request that needs a page and finds none takes it from the youngest running request, which
/// steps back: it returns to the head of the queue, and gives up its pages when its chunks in
/// flight are back. It keeps what it has generated, and computes prompt and output anew when it is
/// admitted again. A request that is itself the youngest waits.
///
/// Why this ends: only younger requests step back, and they are admitted again only when there are
/// pages for all their tokens, besides what all running requests miss and a page in reserve for
/// each. So the oldest is never disturbed, and if need be every page in the end is its own; no
/// request is accepted that needs more than all. While nothing is in flight nobody is leaving, so
/// pages are there at once: some microbatch can always be dispatched.
extension Scheduler {
    /// Makes sure that there are pages for the next `count` tokens of a request, or for as many
    /// of them as fill whole pages. Returns how many; 0 if it has to wait.
    mutating func secureTokens(_ count: Int, for slot: RequestSlot) -> Int {
        let end = requests[slot].dispatched + count
        let held = requests[slot].table.pages.count
        let needed = Page.count(for: end) - held
        while needed > 0 && kv.availableCount == 0 {
            // Pages of those that are leaving already come first.
            guard leavingCount == 0, let youngest = running.last, youngest != slot else { return 0 }
            stepBack(youngest)
        }
        let available = kv.availableCount
        return needed <= available
            ? count : (held + available) * Page.size - requests[slot].dispatched
    }

    private mutating func stepBack(_ slot: RequestSlot) {
        precondition(running.popLast() == slot, "only the youngest steps back")
        totals.stepBacks += 1
        waiting.prepend(slot)
        requests[slot].phase = .steppingBack
        leavingCount += 1
        rewindIfBack(slot)
    }

    /// Completes a step back when no chunk is in flight any more.
    mutating func rewindIfBack(_ slot: RequestSlot) {
        guard requests[slot].chunksInFlight == 0 else { return }
        kv.release(&requests[slot].table)
        requests[slot].rewind()
        leavingCount -= 1
    }
}
