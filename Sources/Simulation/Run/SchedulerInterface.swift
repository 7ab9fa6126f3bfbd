package import PipelineTypes
package import Scheduling

/// What a simulation needs of a scheduler. It is `Scheduler`; tests put a broken one in its place,
/// to see whether the checks notice.
package protocol SchedulerInterface {
    mutating func handle(
        _ event: Scheduler.Event, at now: Instant, into actions: inout [Scheduler.Action])
    var status: SchedulerStatus { get }
    var totals: SchedulerTotals { get }
    /// Whether no request is left and nothing is in flight.
    var isIdle: Bool { get }
}

extension Scheduler: SchedulerInterface {}
