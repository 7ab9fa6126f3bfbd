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
    /// When the last microbatch came back.
    package var lastCompletion: Instant?
    /// What each stage keeps in memory; empty until the pipeline is ready.
    package var stageMemory: [StageMemory] = []
    /// The stages' processes, in pipeline order; empty until the pipeline is ready.
    package var stageProcesses: [Int32] = []
    /// Layers of each stage; empty until the pipeline is ready.
    package var layerCounts: [Int] = []

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
