import DequeModule
import KVPaging
import PipelineTypes

extension Scheduler {
    /// Forgets all that is in flight, all pages and the cache; running requests return to the head
    /// of the queue in their order, and those that have ended are done with.
    mutating func losePipeline() {
        isPipelineReady = false
        firstMicrobatch = nextMicrobatch
        inFlight.removeAll()
        chunks.forgetInstants()
        kv = KVPages(pageCount: limits.pageCount, isSharing: limits.prefixCacheEnabled)
        for slot in running.reversed() {
            waiting.prepend(slot)
        }
        running = []
        leavingCount = 0
        for slot in requests.occupied {
            switch requests[slot].phase {
            case .waiting:
                break
            case .running, .steppingBack:
                requests[slot].table = PageTable()
                requests[slot].rewind()
            case .draining:
                requests.remove(slot)
            }
        }
    }

    /// Begins with a pipeline that knows nothing, whatever was in flight in its predecessor.
    mutating func beginPipeline() {
        losePipeline()
        isPipelineReady = true
    }
}
