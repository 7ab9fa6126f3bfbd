/// Why a stage computes nothing at an instant of a run.
///
/// A run lasts from the first dispatch to the last completion. A stage is busy from `computeBegan`
/// to `computeEnded` of each microbatch, and idle otherwise. Every idle instant has one cause,
/// which follows from the next microbatch that the stage computes, and from who computes now.
///
/// From that microbatch's dispatch on:
/// - an earlier stage computes it: `fill` if it ends a time in which the stage had nothing to do,
///   otherwise `imbalance`;
/// - no earlier stage does: `linkWait`.
///
/// Before its dispatch, or if there is no next one, all that is in flight has passed the stage:
/// - a later stage computes: `imbalance` if the pipeline holds as many microbatches as it may,
///   otherwise `drain`;
/// - no stage computes: `linkWait`;
/// - nothing is in flight: `noWork`.
///
/// The stage had nothing to do if, when the microbatch was dispatched, it had computed all those
/// before. That does not count if the pipeline was full when the stage became idle, and has not
/// been empty since: then there was work, and the pipeline could not take it.
package enum BubbleCause: String, CaseIterable, Sendable {
    /// Earlier stages compute the first microbatch of a run of work.
    case fill
    /// The last microbatch of a run of work has left the stage, and later stages compute.
    case drain
    /// Work is under way, and another stage takes longer for it.
    case imbalance
    /// No stage computes what the stage waits for: it is on the way between two stages, or
    /// between the coordinator and a stage, or a send that is not done holds it back.
    case linkWait
    /// Nothing is in flight anywhere.
    case noWork

    /// The cause in words.
    package var name: String {
        switch self {
        case .fill: "fill"
        case .drain: "drain"
        case .imbalance: "imbalance"
        case .linkWait: "link wait"
        case .noWork: "no work"
        }
    }

    var index: Int {
        switch self {
        case .fill: 0
        case .drain: 1
        case .imbalance: 2
        case .linkWait: 3
        case .noWork: 4
        }
    }
}
