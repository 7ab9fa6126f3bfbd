import ChunkSizing
import DequeModule
import PipelineTypes
import Scheduling

/// Stages and links in virtual time: takes microbatches from the coordinator and moves them from
/// stage to stage. It knows nothing of requests and pages, only how long things take.
///
/// As the real ones, a stage takes microbatches in the order in which they arrive, sends each to
/// the next stage as soon as it has computed it, and, where sends are asynchronous, computes on
/// while at most `SimulatedLink.unfinishedSendsMax` of its sends are under way.
struct SimulatedPipeline {
    typealias Queue = EventQueue<SimulationEvent>

    private var stages: [StageState]
    /// `links[i]` leads from stage i to stage i + 1.
    private var links: [LinkState]
    private let controlLatency: Double
    /// Microbatches between dispatch and completion, oldest first.
    private var passages = Deque<Passage>()
    /// Pipelines before this one.
    private(set) var number = 0
    private(set) var isAlive = true

    /// A pipeline that is ready.
    init(_ scenario: Scenario) {
        stages = scenario.stages.indices.map { StageState(stage: $0, of: scenario) }
        links = scenario.links.indices.map { LinkState(link: $0, of: scenario) }
        controlLatency = scenario.controlLatency
    }

    var busySeconds: [Double] {
        stages.map(\.busySeconds)
    }

    /// All stages are gone. What is on its way to the coordinator arrives.
    mutating func die() {
        isAlive = false
    }

    /// Another pipeline is ready, with nothing to do.
    mutating func revive() {
        isAlive = true
        number += 1
        passages.removeAll()
        for index in stages.indices { stages[index].reset() }
        for index in links.indices { links[index].reset() }
    }

    /// The coordinator sends a microbatch to the first stage.
    mutating func accept(_ microbatch: Microbatch, into queue: inout Queue) {
        var load = MicrobatchLoad()
        for chunk in microbatch.chunks { load.add(chunk) }
        passages.append(Passage(id: microbatch.id, load: load))
        let event = PipelineEvent.arrived(microbatch.id, stage: 0)
        schedule(event, at: queue.now.after(controlLatency), in: &queue)
    }

    /// When the stages worked on a microbatch that is completed; nil if it is unknown.
    mutating func takeTimings(of id: MicrobatchID) -> [StageTiming]? {
        guard passages.first?.id == id else { return nil }
        return passages.removeFirst().timings
    }

    mutating func handle(_ event: PipelineEvent, into queue: inout Queue) {
        guard isAlive else { return }
        switch event {
        case .arrived(let id, let stage):
            if stage > 0 { endTransfer(of: id, from: stage - 1, into: &queue) }
            stages[stage].inputs.append(Input(id: id, arrived: queue.now))
            compute(stage, into: &queue)
        case .computed(let stage):
            passOn(from: stage, into: &queue)
        case .moved(let link):
            links[link].isMoving = false
            move(link, into: &queue)
        case .completed:
            break
        }
    }

    private func schedule(_ event: PipelineEvent, at time: Instant, in queue: inout Queue) {
        queue.schedule(.pipeline(event, number: number), at: time)
    }
}

// MARK: Stages

extension SimulatedPipeline {
    /// Begins with the next microbatch, if the stage is idle and there is one. That may make room
    /// for another message.
    private mutating func compute(_ stage: Int, into queue: inout Queue) {
        guard case .idle = stages[stage].activity else { return }
        if let input = stages[stage].inputs.popFirst() {
            let place = index(of: input.id)
            let end = stages[stage].begin(input, load: passages[place].load, now: queue.now)
            passages[place].timings.append(
                StageTiming(
                    received: input.arrived, computeBegan: queue.now, computeEnded: end,
                    sendWaitNanoseconds: 0))
            schedule(.computed(stage: stage), at: end, in: &queue)
        }
        if stage > 0 { move(stage - 1, into: &queue) }
    }

    private mutating func passOn(from stage: Int, into queue: inout Queue) {
        guard case .computing(let id) = stages[stage].activity else { return }
        if stage == stages.count - 1 {
            schedule(.completed(id), at: queue.now.after(controlLatency), in: &queue)
            stages[stage].activity = .idle
        } else if links[stage].canSend {
            send(id, from: stage, into: &queue)
        } else {
            stages[stage].activity = .held(id, since: queue.now)
        }
        compute(stage, into: &queue)
    }

    private mutating func send(_ id: MicrobatchID, from stage: Int, into queue: inout Queue) {
        links[stage].waiting.append(id)
        links[stage].unfinishedSends += 1
        let isHeld = links[stage].link.sends == .synchronous
        stages[stage].activity = isHeld ? .held(id, since: queue.now) : .idle
        move(stage, into: &queue)
    }

    /// A stage that was held goes on.
    private mutating func release(_ stage: Int, into queue: inout Queue) {
        guard case .held(let id, let since) = stages[stage].activity else { return }
        let place = index(of: id)
        passages[place].timings[stage].sendWaitNanoseconds =
            queue.now.nanoseconds - since.nanoseconds
        if links[stage].link.sends == .synchronous {
            stages[stage].activity = .idle
        } else {
            send(id, from: stage, into: &queue)
        }
        compute(stage, into: &queue)
    }

    private func index(of id: MicrobatchID) -> Int {
        guard let first = passages.first else { preconditionFailure("a microbatch is unknown") }
        return Int(id.rawValue - first.id.rawValue)
    }
}

// MARK: Links

extension SimulatedPipeline {
    /// Begins to move the next message, if the link is free and the receiver has room.
    private mutating func move(_ link: Int, into queue: inout Queue) {
        let receiver = link + 1
        guard !links[link].isMoving, !links[link].waiting.isEmpty,
            stages[receiver].hasRoom(ahead: links[link].link.receivesAheadMax),
            let id = links[link].waiting.popFirst()
        else { return }
        stages[receiver].arriving += 1
        links[link].isMoving = true
        let tokens = passages[index(of: id)].load.tokens
        let moved = links[link].speed.end(
            of: links[link].link.seconds(tokens: tokens), from: queue.now)
        schedule(.moved(link: link), at: moved, in: &queue)
        let arrival = moved.after(links[link].link.latency)
        schedule(.arrived(id, stage: receiver), at: arrival, in: &queue)
    }

    private mutating func endTransfer(
        of id: MicrobatchID, from stage: Int, into queue: inout Queue
    ) {
        stages[stage + 1].arriving -= 1
        links[stage].unfinishedSends -= 1
        release(stage, into: &queue)
    }
}
