import HTTPServer
import PipelineTypes
import Synchronization

/// An engine that answers from a script and remembers what it was asked.
final class ScriptedEngine: InferenceEngine {
    struct Submission: Sendable {
        var id: RequestID
        var prompt: [TokenID]
        var sampling: SamplingParameters
        var logprobs: LogprobOptions
    }

    private struct State {
        var submissions: [Submission] = []
        var open: [RequestID: AsyncStream<RequestEvent>.Continuation] = [:]
        var cancelled: [RequestID] = []
        var flushes = 0
        var profile: ProfileRequest?
        var status = EngineStatus(phase: .ready)
    }

    private let state = Mutex(State())
    private let script: @Sendable (Submission) -> [RequestEvent]

    /// A request whose script does not end it goes on until it is cancelled.
    init(_ script: @escaping @Sendable (Submission) -> [RequestEvent]) {
        self.script = script
    }

    /// Answers every prompt with these bytes, one token each, within the limits of the request.
    convenience init(saying text: String, then end: TokenID? = TestModel.end) {
        self.init { $0.events(for: text.utf8.map { TokenID($0) } + (end.map { [$0] } ?? [])) }
    }

    func submit(
        prompt: [TokenID], sampling: SamplingParameters, logprobs: LogprobOptions
    ) -> EngineStream {
        let (events, continuation) = AsyncStream.makeStream(of: RequestEvent.self)
        let submission = state.withLock { state in
            let submission = Submission(
                id: RequestID(UInt64(state.submissions.count)), prompt: prompt,
                sampling: sampling, logprobs: logprobs)
            state.submissions.append(submission)
            state.open[submission.id] = continuation
            return submission
        }
        for event in script(submission) { send(event, to: submission.id) }
        return EngineStream(id: submission.id, events: events)
    }

    /// Delivers an event to a request from outside the script.
    func send(_ event: RequestEvent, to request: RequestID) {
        state.withLock { state in
            state.open[request]?.yield(event)
            if case .ended = event {
                state.open.removeValue(forKey: request)?.finish()
            }
        }
    }

    func cancel(_ request: RequestID) {
        let isOpen = state.withLock { state in
            if state.open[request] != nil { state.cancelled.append(request) }
            return state.open[request] != nil
        }
        if isOpen { send(.ended(.cancelled), to: request) }
    }

    func status() async -> EngineStatus {
        state.withLock { $0.status }
    }

    func flushCache() async {
        state.withLock { $0.flushes += 1 }
    }

    func startProfile(_ request: ProfileRequest) async throws(ProfileError) {
        let isFirst = state.withLock { state in
            guard state.profile == nil else { return false }
            state.profile = request
            return true
        }
        guard isFirst else { throw .inProgress }
    }

    func stopProfile() async throws(ProfileError) -> String {
        let profile = state.withLock { state in
            defer { state.profile = nil }
            return state.profile
        }
        guard let profile else { throw .notInProgress }
        guard profile.directory != "/full" else {
            throw ProfileError(.server, "The trace could not be written: the disk is full.")
        }
        return (profile.directory ?? "/tmp") + "/profile.json"
    }

    /// The profile that is being recorded.
    var profile: ProfileRequest? {
        state.withLock { $0.profile }
    }

    func setStatus(_ status: EngineStatus) {
        state.withLock { $0.status = status }
    }

    var submissions: [Submission] {
        state.withLock { $0.submissions }
    }

    var cancelled: [RequestID] {
        state.withLock { $0.cancelled }
    }

    /// Requests that neither ended nor were cancelled.
    var openCount: Int {
        state.withLock { $0.open.count }
    }

    var flushes: Int {
        state.withLock { $0.flushes }
    }
}

/// What engines of tests do that record nothing.
extension InferenceEngine {
    func startProfile(_ request: ProfileRequest) async throws(ProfileError) {
        throw .inProgress
    }

    func stopProfile() async throws(ProfileError) -> String {
        throw .notInProgress
    }
}

extension ScriptedEngine.Submission {
    /// What an engine tells of this request if the model continues with these tokens.
    func events(for continuation: [TokenID], cachedTokens: Int = 0) -> [RequestEvent] {
        var events: [RequestEvent] = [.started(cachedTokens: cachedTokens)]
        if let start = logprobs.promptStart {
            let first = max(start, 1)
            let scores = prompt.indices.dropFirst(first).map { score(prompt[$0], at: $0) }
            // In two parts, as chunks would bring them.
            events.append(.promptLogprobs(Array(scores.prefix(scores.count / 2))))
            events.append(.promptLogprobs(Array(scores.dropFirst(scores.count / 2))))
        }
        for (index, token) in continuation.enumerated() {
            if index == sampling.maxNewTokens ?? Int.max { break }
            events.append(
                .token(
                    logprobs.output
                        ? score(token, at: prompt.count + index) : ScoredToken(token: token)))
            if sampling.stopTokens.contains(token) {
                return events + [.ended(.finished(.stopToken(token)))]
            }
        }
        return events + [.ended(.finished(.length))]
    }

    /// A made-up score of a token at a position: different everywhere, and never round.
    func score(_ token: TokenID, at position: Int) -> ScoredToken {
        let own = TestModel.logprob(token, at: position)
        let top = (0..<logprobs.selection.topCount).map { rank in
            let other = (token + TokenID(rank)) % 256
            return TokenLogprob(
                token: other,
                logprob: rank == 0 ? own : TestModel.logprob(other, at: position) - Float(rank))
        }
        let selected = logprobs.selection.tokens.map {
            TokenLogprob(token: $0, logprob: TestModel.logprob($0, at: position))
        }
        return ScoredToken(token: token, logprob: own, top: top, selected: selected)
    }
}
