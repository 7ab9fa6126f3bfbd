import DequeModule
import PipelineTypes
import Scheduling

/// Watches a scheduler from outside: what it is told and what it wants to be done. Whatever it has
/// promised and does not keep becomes a violation; nothing here depends on how it works.
struct RunChecker {
    private struct BatchInFlight {
        let id: MicrobatchID
        var chunks: [ChunkInFlight] = []
    }

    private struct ChunkInFlight {
        let request: RequestID
        let pages: [PageID]
    }

    private let limits: ServingLimits
    /// At the index of the request's id.
    private var watches: [RequestWatch] = []
    /// Requests that have not ended.
    private var openCount = 0
    /// Oldest first.
    private var inFlight = Deque<BatchInFlight>()
    private var uses: PageUses
    private(set) var violations: [String] = []

    private static let violationsMax = 20

    init(limits: ServingLimits) {
        self.limits = limits
        uses = PageUses(pageCount: limits.pageCount)
    }

    mutating func violation(_ what: String) {
        if violations.count < Self.violationsMax { violations.append(what) }
    }

    private mutating func violation(_ request: RequestID, _ what: String) {
        violation("request \(request.rawValue) \(what)")
    }

    // MARK: What the scheduler is told

    /// Ids count from 0.
    mutating func noteSubmission(_ request: GenerationRequest) {
        watches.append(RequestWatch(request, limits: limits))
        openCount += 1
    }

    mutating func noteCancellation(_ id: RequestID) {
        watches[Int(id.rawValue)].isCancelled = true
    }

    /// The pipeline has completed its oldest microbatch.
    mutating func noteCompletion() {
        guard let batch = inFlight.popFirst() else { return }
        for chunk in batch.chunks {
            uses.remove(chunk.pages)
            watches[Int(chunk.request.rawValue)].pageCountsInFlight.removeFirst()
        }
    }

    /// The pages of the pipeline are gone.
    mutating func notePipelineEnd() {
        for chunk in inFlight.flatMap(\.chunks) {
            uses.remove(chunk.pages)
        }
        inFlight.removeAll()
        for index in watches.indices {
            watches[index].dispatchedEnd = nil
            watches[index].pageCountsInFlight = []
        }
    }

    // MARK: What it does

    mutating func noteDelivery(of event: RequestEvent, to id: RequestID) {
        guard id.rawValue < watches.count else {
            violation(id, "is told something and was never submitted")
            return
        }
        let wasOpen = watches[Int(id.rawValue)].end == nil
        if let fault = watches[Int(id.rawValue)].note(event) { violation(id, fault) }
        if wasOpen, watches[Int(id.rawValue)].end != nil { openCount -= 1 }
    }

    mutating func noteDispatch(_ microbatch: Microbatch) {
        if microbatch.chunks.isEmpty {
            violation("microbatch \(microbatch.id.rawValue) has no chunks")
        }
        if let last = inFlight.last, microbatch.id <= last.id {
            violation("microbatch \(microbatch.id.rawValue) comes after \(last.id.rawValue)")
        }
        inFlight.append(BatchInFlight(id: microbatch.id))
    }

    /// A chunk of the microbatch that was dispatched last; `contents` are those of the pages when
    /// it has been computed.
    mutating func noteChunk(_ chunk: Chunk, contents: KVContents) {
        let id = chunk.request
        guard id.rawValue < watches.count else {
            violation(id, "has a chunk and was never submitted")
            return
        }
        let watch = watches[Int(id.rawValue)]
        let faults = [
            watch.orderFault(of: chunk), watch.tokenFault(of: chunk),
            watch.pageFault(of: chunk, uses: uses), watch.contentFault(of: chunk, contents),
        ]
        for fault in faults {
            if let fault { violation(id, "positions \(chunk.start)..<\(chunk.end): \(fault)") }
        }
        watches[Int(id.rawValue)].dispatchedEnd = chunk.end
        watches[Int(id.rawValue)].pageCountsInFlight.append(chunk.pages.count)
        let pages = chunk.pages.filter(uses.has)
        uses.add(pages)
        inFlight[inFlight.count - 1].chunks.append(ChunkInFlight(request: id, pages: pages))
    }

    // MARK: What must hold after every event

    mutating func check(_ status: SchedulerStatus) {
        let pages = status.freePages + status.cachedPages + status.usedPages
        if pages != limits.pageCount || status.freePages < 0 || status.cachedPages < 0 {
            violation(
                "\(status.freePages) free, \(status.cachedPages) cached and \(status.usedPages) "
                    + "used pages are not the \(limits.pageCount) that there are")
        }
        if uses.usedCount > status.usedPages {
            violation(
                "chunks in flight use \(uses.usedCount) pages, the scheduler \(status.usedPages)")
        }
        if status.microbatchesInFlight != inFlight.count {
            violation(
                "\(inFlight.count) microbatches are in flight, the scheduler has "
                    + "\(status.microbatchesInFlight)")
        }
        if inFlight.count > limits.microbatchesInFlightMax {
            violation("\(inFlight.count) microbatches are in flight")
        }
        if status.waitingRequests + status.runningRequests != openCount {
            violation(
                "\(openCount) requests have not ended, the scheduler has "
                    + "\(status.waitingRequests) waiting and \(status.runningRequests) running")
        }
    }

    /// What must hold when nothing is left to happen.
    mutating func checkEnd(_ status: SchedulerStatus, isIdle: Bool) {
        for (index, watch) in watches.enumerated() where watch.end == nil {
            violation(RequestID(UInt64(index)), "has no end")
        }
        if !inFlight.isEmpty { violation("\(inFlight.count) microbatches never came back") }
        if status.usedPages != 0 { violation("\(status.usedPages) pages are used in the end") }
        if !isIdle { violation("the scheduler is not idle in the end") }
    }
}
