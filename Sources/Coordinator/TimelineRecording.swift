package import PipelineTypes
import Synchronization
import Timelines

/// Keeps the microbatches that are dispatched and come back while a coordinator holds it. When they
/// grow too many it drops the oldest.
package final class TimelineRecording: Sendable {
    private struct State {
        var ring: TimelineRing
        /// What was dispatched earlier is not recorded.
        var began: Instant?
        var isComplete = false
    }

    private let first: MicrobatchID
    private let wanted: Int?
    private let whenComplete: @Sendable () -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - first: Earlier microbatches are not recorded.
    ///   - wanted: So many microbatches and no more are recorded; nil goes on.
    ///   - recordsMax: What is kept at most, as `TimelineRing` counts it.
    ///   - whenComplete: Called on the coordinator's thread when all that are wanted are there;
    ///     must not block.
    package init(
        first: MicrobatchID = MicrobatchID(0), wanted: Int? = nil,
        recordsMax: Int = TimelineRecording.recordsMax,
        whenComplete: @escaping @Sendable () -> Void = {}
    ) {
        self.first = first
        self.wanted = wanted
        self.whenComplete = whenComplete
        state = Mutex(State(ring: TimelineRing(recordsMax: recordsMax)))
    }

    /// About 200 MiB; at pp 2, a million microbatches of one chunk.
    package static let recordsMax = 1 << 22

    func begin(at now: Instant) {
        state.withLock { $0.began = now }
    }

    func record(_ microbatch: MicrobatchSpan) {
        guard microbatch.id >= first else { return }
        let isLast = state.withLock { state in
            guard !state.isComplete, let began = state.began, microbatch.dispatched >= began else {
                return false
            }
            state.ring.append(microbatch)
            state.isComplete = state.ring.totalCount == wanted
            return state.isComplete
        }
        if isLast { whenComplete() }
    }

    /// Gives away what was recorded.
    func take() -> TimelineRing {
        state.withLock { state in
            defer { state.ring = TimelineRing(recordsMax: state.ring.recordsMax) }
            return state.ring
        }
    }
}

/// The last microbatches, in the order of their completion, which is that of their dispatch.
struct TimelineRing: Sendable {
    private let microbatchesMax: Int
    let recordsMax: Int
    private var kept: [MicrobatchSpan] = []
    /// How many at the front of `kept` were dropped; they are empty.
    private var droppedInFront = 0
    private var recordCount = 0
    /// Microbatches that were ever appended.
    private(set) var totalCount = 0

    /// - Parameter recordsMax: A microbatch counts as one record, and each of its chunks and of its
    ///   stages' timings as another.
    init(microbatchesMax: Int = .max, recordsMax: Int = .max) {
        self.microbatchesMax = microbatchesMax
        self.recordsMax = recordsMax
    }

    mutating func append(_ microbatch: MicrobatchSpan) {
        totalCount += 1
        kept.append(microbatch)
        recordCount += Self.recordCount(microbatch)
        while kept.count - droppedInFront > microbatchesMax || recordCount > recordsMax
            || isTooOld(before: microbatch)
        {
            dropFirst()
        }
    }

    /// A trace cannot reach back any further.
    private func isTooOld(before last: MicrobatchSpan) -> Bool {
        droppedInFront < kept.count
            && last.completed.nanoseconds - kept[droppedInFront].dispatched.nanoseconds
                > ChromeTrace.spanNanosecondsMax
    }

    private mutating func dropFirst() {
        recordCount -= Self.recordCount(kept[droppedInFront])
        kept[droppedInFront].chunks = []
        kept[droppedInFront].stages = []
        droppedInFront += 1
        // Each microbatch is moved once at most, on average.
        if droppedInFront > kept.count / 2 {
            kept.removeFirst(droppedInFront)
            droppedInFront = 0
        }
    }

    private static func recordCount(_ microbatch: MicrobatchSpan) -> Int {
        1 + microbatch.chunks.count + microbatch.stages.count
    }

    /// Oldest first.
    var microbatches: [MicrobatchSpan] {
        droppedInFront == 0 ? kept : Array(kept[droppedInFront...])
    }

    var droppedCount: Int {
        totalCount - (kept.count - droppedInFront)
    }

    var last: MicrobatchSpan? {
        droppedInFront < kept.count ? kept.last : nil
    }
}
