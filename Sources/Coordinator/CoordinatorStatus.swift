package import PipelineTypes
package import Scheduling
package import StageProtocol

/// A look at the coordinator and its pipeline.
package struct CoordinatorStatus: Hashable, Sendable {
    package var phase = CoordinatorPhase.starting
    /// Times that the pipeline was started again.
    package var restarts = 0
    package var scheduler: SchedulerStatus
    package var totals: SchedulerTotals
    /// What each stage keeps in memory; empty until the pipeline is ready.
    package var stageMemory: [StageMemory] = []
    /// The stages' processes, in pipeline order; empty until the pipeline is ready.
    package var stageProcesses: [Int32] = []

    init(scheduler: SchedulerStatus, totals: SchedulerTotals) {
        self.scheduler = scheduler
        self.totals = totals
    }
}

package enum CoordinatorPhase: Hashable, Sendable {
    case starting
    case serving
    /// The pipeline was lost and is on its way back; requests wait.
    case restarting
    /// The pipeline was lost too often; requests fail for this reason.
    case failed(String)
    case stopped
}

/// When the stages worked on one microbatch.
package struct MicrobatchTiming: Hashable, Sendable {
    package var id: MicrobatchID
    /// Tokens that were computed.
    package var tokenCount: Int
    package var dispatched: Instant
    package var completed: Instant
    /// One for each stage.
    package var stages: [StageTiming]
}

/// The last so many timings, oldest first.
struct TimingRing: Sendable {
    private let capacity: Int
    private var timings: [MicrobatchTiming] = []
    private var oldest = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func append(_ timing: MicrobatchTiming) {
        guard capacity > 0 else { return }
        if timings.count < capacity {
            timings.append(timing)
        } else {
            timings[oldest] = timing
            oldest = (oldest + 1) % capacity
        }
    }

    var all: [MicrobatchTiming] {
        Array(timings[oldest...] + timings[..<oldest])
    }
}
