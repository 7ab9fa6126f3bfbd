package import ChunkSizing
import DequeModule
import KVPaging
package import PipelineTypes

/// Decides what the pipeline computes next: events in, actions out.
///
/// It keeps up to `microbatchesInFlightMax` microbatches in flight and fills each with decode steps
/// first, then with prompt chunks, in the order of submission. All stages compute microbatches in
/// the order of their dispatch, so a chunk may rely on keys and values that an earlier chunk, in
/// flight or in the same microbatch, is still to write. Hence several chunks of one request can be
/// in flight at once, and full pages can be shared as soon as they are dispatched.
///
/// What it promises:
/// - Every submitted request is told exactly once how it ended.
/// - No page is given to anybody else while a chunk in flight reads or writes it.
/// - The oldest running request always gets the pages that it needs, if necessary from the
///   youngest, which steps back and goes on later. Running requests are older than waiting ones.
/// - While pages suffice, the steps of a decoding request are at most `decodeGapMax` microbatches
///   apart.
/// - The same events give the same actions.
package struct Scheduler: Sendable {
    package let limits: ServingLimits
    var chunks: ChunkPlanner
    var requests = RequestTable()
    /// Oldest first, all younger than those in `running`.
    var waiting = Deque<RequestSlot>()
    /// Oldest first.
    var running: [RequestSlot] = []
    /// Requests that are stepping back or draining: chunks in flight use their pages.
    var leavingCount = 0
    var kv: KVPages
    /// Oldest first.
    var inFlight = Deque<MicrobatchInFlight>()
    var nextMicrobatch: UInt64 = 0
    /// The first microbatch of this pipeline; earlier ones were those of a pipeline that is lost.
    var firstMicrobatch: UInt64 = 0
    var submissions = 0
    var isPipelineReady = false
    var isShuttingDown = false
    package internal(set) var totals = SchedulerTotals()

    /// Dispatches nothing until the pipeline is ready.
    ///
    /// - Parameters:
    ///   - costs: What the stages take, one for each, where that is known beforehand.
    ///   - links: The same of the links between them.
    package init(
        limits: ServingLimits, costs: [PrefillCost]? = nil, links: [LinkCost]? = nil
    ) {
        precondition(limits.stageCount >= 1 && limits.asyncBatchDepth ?? 0 >= 0)
        precondition(limits.contextLength >= 1 && limits.runningRequestsMax >= 1)
        precondition(limits.prefillTokensMax >= Page.size)
        precondition(limits.microbatchRequestsMax ?? 1 >= 1)
        switch limits.chunking {
        case .fixed(let tokens), .dynamic(let tokens, _):
            precondition(tokens >= Page.size && tokens % Page.size == 0)
        case .automatic, .whole:
            break
        }
        self.limits = limits
        chunks = ChunkPlanner(limits: limits, costs: costs, links: links)
        kv = KVPages(pageCount: limits.pageCount, isSharing: limits.prefixCacheEnabled)
    }

    /// Takes note of `event` and appends what is to be done now. `now` never goes back.
    package mutating func handle(
        _ event: Event, at now: Instant, into actions: inout [Action]
    ) {
        switch event {
        case .submit(let request): submit(request, at: now, into: &actions)
        case .cancel(let id): cancel(id, into: &actions)
        case .completed(let result): complete(result, into: &actions)
        case .pipelineLost: losePipeline()
        case .pipelineReady: beginPipeline()
        case .flushCache: kv.flush()
        case .beginCostProfile: chunks.beginCostProfile()
        case .endCostProfile: chunks.endCostProfile()
        case .scaleCosts(let factors): chunks.scaleCosts(by: factors)
        case .shutDown: shutDown(into: &actions)
        case .abandon(let reason): abandon(reason, into: &actions)
        }
        dispatchMicrobatches(at: now, into: &actions)
    }

    package var status: SchedulerStatus {
        SchedulerStatus(
            isPipelineReady: isPipelineReady, waitingRequests: waiting.count,
            runningRequests: running.count, microbatchesInFlight: inFlight.count,
            freePages: kv.pool.freeCount, cachedPages: kv.cache.unlockedCount,
            usedPages: kv.pool.heldCount - kv.cache.unlockedCount,
            touchedPages: kv.pool.touchedCount,
            stageCosts: chunks.estimates, linkCosts: chunks.links.costs)
    }

    /// Whether no request is left and nothing is in flight.
    package var isIdle: Bool {
        requests.isEmpty && inFlight.isEmpty
    }

    /// When the microbatch was dispatched that must come back next; nil if none is in flight. If
    /// that is long ago, the pipeline hangs.
    package var oldestDispatch: Instant? {
        inFlight.first?.dispatched
    }
}
