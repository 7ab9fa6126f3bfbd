import DequeModule
import PipelineTypes
import Scheduling

extension SimulatedPipeline {
    /// One microbatch's way through the pipeline.
    struct Passage {
        let id: MicrobatchID
        let load: MicrobatchLoad
        var timings: [StageTiming] = []
    }

    /// A microbatch that a stage is to compute.
    struct Input {
        let id: MicrobatchID
        let arrived: Instant
    }

    /// What a stage does.
    enum Activity {
        /// Computes the next microbatch as soon as there is one.
        case idle
        /// Becomes `idle` or `held` when done.
        case computing(MicrobatchID)
        /// Has computed a microbatch, and waits until it can be sent, or, where sends are
        /// synchronous, until it has arrived. Then becomes `idle`.
        case held(MicrobatchID, since: Instant)
    }

    struct StageState {
        private let times: StageTimes
        private(set) var busySeconds = 0.0
        /// Oldest first.
        var inputs = Deque<Input>()
        /// Messages under way to this stage.
        var arriving = 0
        var activity = Activity.idle

        init(stage index: Int, of scenario: Scenario) {
            times = StageTimes(
                stage: index, scenario.stages[index], faults: scenario.faults, seed: scenario.seed)
        }

        mutating func reset() {
            inputs.removeAll()
            arriving = 0
            activity = .idle
        }

        /// Whether a message can begin to move to this stage.
        func hasRoom(ahead receivesAheadMax: Int) -> Bool {
            guard receivesAheadMax == 0 else { return inputs.count + arriving < receivesAheadMax }
            guard case .idle = activity else { return false }
            return inputs.isEmpty && arriving == 0
        }

        /// Begins to compute; returns when it will be done.
        mutating func begin(_ input: Input, load: MicrobatchLoad, now: Instant) -> Instant {
            let end = times.end(of: input.id, load: load, from: now)
            busySeconds += end.seconds(since: now)
            activity = .computing(input.id)
            return end
        }
    }

    struct LinkState {
        let link: SimulatedLink
        let speed: SpeedProfile
        /// Messages that wait for the link.
        var waiting = Deque<MicrobatchID>()
        var isMoving = false
        /// Sends that have begun and whose message has not arrived.
        var unfinishedSends = 0

        init(link index: Int, of scenario: Scenario) {
            link = scenario.links[index]
            speed = SpeedProfile(scenario.faults.compactMap { $0.slowdown(ofLink: index) })
        }

        mutating func reset() {
            waiting.removeAll()
            isMoving = false
            unfinishedSends = 0
        }

        var canSend: Bool {
            unfinishedSends < SimulatedLink.unfinishedSendsMax
        }
    }
}

extension Fault {
    fileprivate func slowdown(ofLink index: Int) -> SpeedProfile.Slowdown? {
        guard case .linkStalls(index, let from, let to) = self else { return nil }
        return SpeedProfile.Slowdown(
            from: Instant(seconds: from), to: Instant(seconds: to), factor: .infinity)
    }
}
