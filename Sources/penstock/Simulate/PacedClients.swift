import Coordinator
import Foundation
import PipelineTypes
import Simulation
import StageProtocol
import Synchronization
import Timelines

/// The clients of a scenario in real time: they submit what they would in a simulation, when they
/// would, and write down how each request fared.
final class PacedClients: Sendable {
    private struct Records {
        /// In the order of submission.
        var requests: [RequestOutcome] = []
        var interTokenSeconds: [Double] = []
    }

    /// What the scenario's times count from.
    let origin: Instant
    private let coordinator: Coordinator
    private let clients: Mutex<Clients>
    private let records = Mutex(Records())
    private let sourceNames: [String]

    init(_ scenario: Scenario, _ coordinator: Coordinator, origin: Instant) {
        self.origin = origin
        self.coordinator = coordinator
        clients = Mutex(Clients(scenario.workload, seed: scenario.seed))
        sourceNames = scenario.workload.map(\.name)
    }

    /// Returns when every request has ended.
    func play() async {
        await withTaskGroup(of: Void.self) { group in
            for source in sourceNames.indices {
                let (count, seconds) = clients.withLock { $0.firstArrivals(of: source) }
                for _ in 0..<count {
                    group.addTask { await self.submitAll(of: source, from: seconds) }
                }
            }
        }
    }

    func figures(timeline: Timeline) -> RunFigures {
        let records = records.withLock(\.self)
        let ends = records.requests.compactMap(\.ended)
        return RunFigures(
            requests: records.requests, interTokenSeconds: records.interTokenSeconds,
            makespan: ends.max()?.seconds(since: Instant(nanoseconds: 0)) ?? 0,
            timeline: timeline)
    }

    /// Sleeps until so many seconds after `origin`; false if the task is cancelled.
    static func sleep(until seconds: Double, since origin: Instant) async -> Bool {
        let left = seconds - MonotonicClock.now().seconds(since: origin)
        guard left > 0 else { return !Task.isCancelled }
        return (try? await Task.sleep(for: .seconds(left), tolerance: .zero)) != nil
    }

    /// Submits one request after the other, either when its time has come, or when the one before
    /// has ended.
    private func submitAll(of source: Int, from seconds: Double) async {
        var due = seconds
        await withTaskGroup(of: Void.self) { group in
            while await Self.sleep(until: due, since: origin), let request = submit(source) {
                let thinking = clients.withLock { $0.arrivalAfterEnd(of: source) }
                if let thinking {
                    await follow(request)
                    due = now.seconds(since: Instant(nanoseconds: 0)) + thinking
                } else {
                    group.addTask { await self.follow(request) }
                    guard let next = clients.withLock({ $0.nextArrival(of: source) }) else {
                        return
                    }
                    due += next
                }
            }
        }
    }

    private struct OpenRequest {
        /// In the records.
        let index: Int
        let id: RequestID
        let events: AsyncStream<RequestEvent>
        let cancelAfter: Double?
    }

    private func submit(_ source: Int) -> OpenRequest? {
        guard let submission = clients.withLock({ $0.submit(source: source) }) else { return nil }
        let prompt = submission.request.prompt
        let submitted = now
        let (id, events) = coordinator.submit(
            prompt: prompt, sampling: submission.request.sampling)
        let index = records.withLock { records in
            records.requests.append(
                RequestOutcome(
                    id: id, source: sourceNames[source], promptTokens: prompt.count,
                    submitted: submitted))
            return records.requests.count - 1
        }
        return OpenRequest(
            index: index, id: id, events: events, cancelAfter: submission.cancelAfter)
    }

    /// Reads what a request is told, until it has ended.
    private func follow(_ request: OpenRequest) async {
        let leaving = Task {
            guard let seconds = request.cancelAfter else { return }
            try await Task.sleep(for: .seconds(seconds))
            coordinator.cancel(request.id)
        }
        var last: Instant?
        for await event in request.events {
            let now = now
            records.withLock { records in
                records.requests[request.index].note(event, at: now)
                guard case .token = event else { return }
                if let last { records.interTokenSeconds.append(now.seconds(since: last)) }
                last = now
            }
        }
        leaving.cancel()
    }

    /// Counted from the origin.
    private var now: Instant {
        Instant(nanoseconds: MonotonicClock.now().nanoseconds - origin.nanoseconds)
    }
}

extension RequestOutcome {
    fileprivate mutating func note(_ event: RequestEvent, at now: Instant) {
        switch event {
        case .started(let cachedTokens):
            self.cachedTokens = cachedTokens
        case .promptLogprobs:
            break
        case .token:
            firstToken = firstToken ?? now
            outputTokens += 1
        case .ended(let end):
            self.end = end
            ended = now
        }
    }
}
