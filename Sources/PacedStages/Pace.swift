import ChunkSizing
import PipelineTypes
import Simulation
import StageProtocol

/// When a paced stage is to be done with each of its microbatches, by the simulator's rules.
struct Pace {
    private let times: StageTimes
    /// nil until the first microbatch begins, unless it was given.
    private var origin: Instant?
    /// Nanoseconds by which the last microbatch ended too late.
    private var lateness: Int64 = 0

    init(_ pacing: StagePacing, stage: Int, layers: Int) {
        origin = pacing.origin
        let jitter: Jitter =
            switch pacing.jitter {
            case .none: .none
            case .uniform(let share): .uniform(share: share)
            case .logNormal(let deviation): .logNormal(deviation: deviation)
            }
        let slowdowns = pacing.slowdowns.map { slowdown in
            Fault.stageSlows(
                stage: stage, factor: slowdown.factor, from: slowdown.begin, to: slowdown.end)
        }
        times = StageTimes(
            stage: stage,
            SimulatedStage(
                cost: PrefillCost(
                    fixed: pacing.layerCost.fixed, linear: pacing.layerCost.linear * Double(layers),
                    attention: pacing.layerCost.attention * Double(layers),
                    prefix: pacing.layerCost.prefix * Double(layers)),
                jitter: jitter), faults: slowdowns, seed: pacing.seed)
    }

    /// A microbatch begins. The process may have been woken too late from the one before: that is
    /// made up for, so that such errors do not add up.
    mutating func deadline(of microbatch: Microbatch, begun: Instant) -> Instant {
        let origin = self.origin ?? begun
        self.origin = origin
        let elapsed = Instant(nanoseconds: max(0, begun.nanoseconds - origin.nanoseconds))
        let end = times.end(of: microbatch, from: elapsed)
        let duration = end.nanoseconds - elapsed.nanoseconds
        return Instant(nanoseconds: begun.nanoseconds + max(0, duration - lateness))
    }

    /// It ended at `end` instead.
    mutating func note(end: Instant, deadline: Instant) {
        lateness = max(0, end.nanoseconds - deadline.nanoseconds)
    }
}
