/// Why a stage computes nothing at an instant of a run.
///
/// A run lasts from the first dispatch to the last completion. A stage is busy from `computeBegan`
/// to `computeEnded` of each microbatch, and idle otherwise. Every idle instant has one cause,
/// which follows from the next microbatch that the stage computes, and from where that one is.
///
/// Until the next microbatch is dispatched, or if there is none:
/// - the pipeline holds as many microbatches as it may: what the oldest one does is the cause,
///   `imbalance` while a stage computes it, `linkWait` while it is on the way between two;
/// - others are in flight, all of which have passed this stage: `drain`;
/// - nothing is in flight: `noWork`.
///
/// From its dispatch on:
/// - it has left the stage before: `linkWait`. For the first stage that is so at once;
/// - it is the first one after a `drain` or `noWork` of this stage, or the first of all: `fill`;
/// - an earlier stage computes it: `imbalance`;
/// - it is on the way between two earlier stages: `linkWait`.
package enum BubbleCause: String, CaseIterable, Sendable {
    /// The first microbatch of a run of work has not reached the stage yet.
    case fill
    /// The last microbatch of a run of work has left the stage, and later stages work on it.
    case drain
    /// Work is under way, and another stage takes longer for it.
    case imbalance
    /// The microbatch lies between two stages, or the stage's own send holds it back.
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
