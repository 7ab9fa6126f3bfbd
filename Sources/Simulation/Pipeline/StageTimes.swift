import ChunkSizing
package import PipelineTypes
import Scheduling

/// How long one stage takes for each microbatch. It is the same for a stage in virtual time and
/// for one that is paced by the clock.
package struct StageTimes: Sendable {
    private let stage: Int
    private let cost: PrefillCost
    private let jitter: Jitter
    private let speed: SpeedProfile
    private let seed: UInt64

    /// - Parameter faults: of the whole pipeline.
    package init(stage: Int, _ model: SimulatedStage, faults: [Fault], seed: UInt64) {
        self.stage = stage
        cost = model.totalCost
        jitter = model.jitter
        speed = SpeedProfile(faults.compactMap { $0.slowdown(ofStage: stage) })
        self.seed = seed
    }

    /// When a microbatch is done that begins at `start`, counted from the beginning.
    func end(of id: MicrobatchID, load: MicrobatchLoad, from start: Instant) -> Instant {
        var random = RandomStream(seed, .jitter, UInt64(stage), id.rawValue)
        let seconds = (cost.fixed + cost.work(load)) * jitter.factor(using: &random)
        return speed.end(of: seconds, from: start)
    }

    package func end(of microbatch: Microbatch, from start: Instant) -> Instant {
        var load = MicrobatchLoad()
        for chunk in microbatch.chunks { load.add(chunk) }
        return end(of: microbatch.id, load: load, from: start)
    }
}

extension Jitter {
    /// What a modelled time is multiplied by.
    fileprivate func factor(using random: inout RandomStream) -> Double {
        switch self {
        case .none: 1
        case .uniform(let share): 1 + share * (2 * random.share() - 1)
        case .logNormal(let deviation):
            ElementaryFunctions.exponential(deviation * random.normal())
        }
    }
}

extension Fault {
    fileprivate func slowdown(ofStage index: Int) -> SpeedProfile.Slowdown? {
        guard case .stageSlows(index, let factor, let from, let to) = self else { return nil }
        return SpeedProfile.Slowdown(
            from: Instant(seconds: from), to: to.map { Instant(seconds: $0) }, factor: factor)
    }
}
