import PipelineTypes
import Scheduling

/// A scheduler, a fake pipeline that does what it says, and the clients, who write down what they
/// are told. After every event everything that can be checked is checked.
struct Workbench {
    /// What one client has sent and was told.
    struct Transcript {
        let request: GenerationRequest
        var cachedTokens: Int?
        var scores: [ScoredToken] = []
        var tokens: [ScoredToken] = []
        var end: RequestEnd?

        /// Prompt and output, as the client knows them.
        var history = History()

        init(_ request: GenerationRequest) {
            self.request = request
            for token in request.prompt {
                history.append(token)
            }
        }
    }

    private(set) var scheduler: Scheduler
    private(set) var pipeline: FakePipeline
    private(set) var transcripts: [RequestID: Transcript] = [:]
    /// All microbatches since the beginning.
    private(set) var dispatched: [Microbatch] = []
    /// Those that have not come back.
    private(set) var inFlight: [Microbatch] = []
    /// A hash of all actions.
    private(set) var trace = Hasher()
    private(set) var violations: [String] = []
    private var now: Int64 = 0
    private var ends: [RequestID: Int] = [:]
    private var nextID: UInt64 = 1
    let limits: ServingLimits

    init(_ limits: ServingLimits, isReady: Bool = true) throws {
        self.limits = limits
        scheduler = Scheduler(limits: limits)
        pipeline = FakePipeline(limits: limits)
        if isReady { try send(.pipelineReady) }
    }

    /// Lets the scheduler handle an event, does what it wants, and returns its actions.
    @discardableResult
    mutating func send(_ event: Scheduler.Event) throws -> [Scheduler.Action] {
        now += 1000
        if case .submit(let request) = event {
            transcripts[request.id] = Transcript(request)
        }
        if event == .pipelineLost || event == .pipelineReady { forgetPipeline() }
        var actions: [Scheduler.Action] = []
        scheduler.handle(event, at: Instant(nanoseconds: now), into: &actions)
        for action in actions {
            trace.combine(action)
            switch action {
            case .deliver(let id, let event): try note(event, for: id)
            case .protocolViolation(let text):
                violations.append(text)
                forgetPipeline()
            case .dispatch(let microbatch):
                try check(microbatch)
                dispatched.append(microbatch)
                inFlight.append(microbatch)
                pipeline.accept(microbatch)
            }
        }
        scheduler._checkInvariants()
        return actions
    }

    mutating func submit(
        _ prompt: [TokenID], maxNewTokens: Int? = 1, logprobs: LogprobOptions = LogprobOptions(),
        _ adjust: (inout SamplingParameters) -> Void = { _ in }
    ) throws -> RequestID {
        let id = RequestID(nextID)
        nextID += 1
        var sampling = SamplingParameters()
        sampling.maxNewTokens = maxNewTokens
        adjust(&sampling)
        let request = GenerationRequest(
            id: id, prompt: prompt, sampling: sampling, logprobs: logprobs)
        try send(.submit(request))
        return id
    }

    /// Lets one stage compute its next microbatch; if that was the last stage, the scheduler
    /// hears of it. Returns what the scheduler did then.
    @discardableResult
    mutating func advance(stage: Int) throws -> [Scheduler.Action] {
        let result = try pipeline.advance(stage: stage) { [transcripts] in transcripts[$0]!.history
        }
        return try result.map { try deliver($0) } ?? []
    }

    /// Tells the scheduler of a result.
    @discardableResult
    mutating func deliver(_ result: MicrobatchResult) throws -> [Scheduler.Action] {
        inFlight.removeAll { $0.id == result.id }
        return try send(.completed(result))
    }

    /// Lets the pipeline complete its oldest microbatch.
    mutating func completeOne() throws {
        let count = inFlight.count
        while inFlight.first != nil, let stage = pipeline.busyStages.last {
            let id = inFlight[0].id
            try advance(stage: stage)
            if inFlight.first?.id != id || inFlight.count > count { return }
        }
    }

    /// Takes the oldest microbatch's result out of the pipeline without telling the scheduler.
    mutating func interceptResult() throws -> MicrobatchResult {
        while let stage = pipeline.busyStages.last {
            if let result = try pipeline.advance(
                stage: stage, history: { [transcripts] in transcripts[$0]!.history })
            {
                return result
            }
        }
        throw Failure("nothing is in flight")
    }

    /// Lets the pipeline work until it has nothing to do.
    mutating func drain() throws {
        while let stage = pipeline.busyStages.last {
            try advance(stage: stage)
        }
        guard scheduler.isIdle || !scheduler.status.isPipelineReady else {
            throw Failure("requests are left, and nothing is in flight")
        }
    }

    private mutating func forgetPipeline() {
        pipeline = FakePipeline(limits: limits)
        inFlight = []
        ends = [:]
    }

    subscript(id: RequestID) -> Transcript {
        transcripts[id]!
    }

    /// The chunks of one request, with the microbatches that they were in.
    func chunks(of id: RequestID) -> [(microbatch: Int, chunk: Chunk)] {
        dispatched.flatMap { microbatch in
            microbatch.chunks.filter { $0.request == id }
                .map { (Int(microbatch.id.rawValue), $0) }
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Workbench {
    private mutating func note(_ event: RequestEvent, for id: RequestID) throws {
        guard transcripts[id]!.end == nil else {
            throw Failure("\(id) hears \(event) after its end")
        }
        let isStarted = transcripts[id]!.cachedTokens != nil
        switch event {
        case .started(let cachedTokens):
            guard !isStarted else { throw Failure("\(id) starts twice") }
            transcripts[id]!.cachedTokens = cachedTokens
        case .promptLogprobs(let scores):
            guard isStarted, transcripts[id]!.tokens.isEmpty else {
                throw Failure("\(id) gets scores out of order")
            }
            transcripts[id]!.scores += scores
        case .token(let token):
            guard isStarted else { throw Failure("\(id) is not started") }
            transcripts[id]!.tokens.append(token)
            transcripts[id]!.history.append(token.token)
        case .ended(let end):
            if case .rejected = end, isStarted {
                throw Failure("\(id) is rejected after its start")
            }
            transcripts[id]!.end = end
        }
    }

    /// What must hold for every microbatch.
    private mutating func check(_ microbatch: Microbatch) throws {
        guard inFlight.count < limits.microbatchesInFlightMax else {
            throw Failure("too many microbatches in flight")
        }
        guard !microbatch.chunks.isEmpty else { throw Failure("an empty microbatch") }
        let prompts = microbatch.chunks.filter { $0.tokens.count > 1 }
        let promptTokens = prompts.reduce(0) { $0 + $1.tokens.count }
        guard promptTokens <= limits.promptTokensMax else {
            throw Failure("\(promptTokens) prompt tokens in a microbatch")
        }
        for (index, chunk) in microbatch.chunks.enumerated() {
            guard transcripts[chunk.request]!.end == nil else {
                throw Failure("\(chunk.request) has ended")
            }
            try checkOrder(chunk)
            try PageWatch.check(
                chunk,
                against: inFlight.flatMap(\.chunks) + microbatch.chunks[..<index])
        }
    }

    /// A request's chunks follow one another, but for whole pages that came out of the cache.
    private mutating func checkOrder(_ chunk: Chunk) throws {
        let history = transcripts[chunk.request]!.history
        let previous = ends[chunk.request]
        let isAfterRewind = previous != nil && chunk.start < previous!
        let jump = chunk.start - (isAfterRewind ? 0 : previous ?? 0)
        guard jump == 0 || jump > 0 && jump % Page.size == 0 && chunk.start % Page.size == 0 else {
            throw Failure("\(chunk.request) goes on at \(chunk.start) after \(previous ?? 0)")
        }
        if isAfterRewind
            && inFlight.contains(where: { $0.chunks.contains { $0.request == chunk.request } })
        {
            throw Failure("\(chunk.request) begins again while it is in flight")
        }
        guard chunk.end == history.tokens.count || chunk.end % Page.size == 0 else {
            throw Failure("\(chunk.request) is cut at \(chunk.end), inside a page")
        }
        ends[chunk.request] = chunk.end
    }
}

/// Who may write which page when.
enum PageWatch {
    /// A chunk must not write a page that an earlier chunk of another request, still in flight,
    /// reads or writes.
    static func check(_ chunk: Chunk, against earlier: [Chunk]) throws {
        let written = chunk.pages[(chunk.start / Page.size)...]
        for other in earlier where other.request != chunk.request {
            if let page = written.first(where: { other.pages.contains($0) }) {
                throw Failure(
                    "\(chunk.request) writes page \(page.rawValue), which \(other.request) uses")
            }
        }
    }
}

extension ServingLimits {
    /// Small and roomy, for tests to change what matters to them.
    static func test(
        stages: Int = 2, depth: Int? = 0, pages: Int = 64, context: Int = 4096,
        running: Int = 16, queued: Int? = nil, chunking: ChunkingPolicy = .fixed(tokens: 128),
        prefillTokensMax: Int = 1024, decodeSteps: Int? = nil, prefixCache: Bool = true
    ) -> ServingLimits {
        ServingLimits(
            stageCount: stages, asyncBatchDepth: depth, pageCount: pages, contextLength: context,
            runningRequestsMax: running, queuedRequestsMax: queued, chunking: chunking,
            prefillTokensMax: prefillTokensMax, microbatchRequestsMax: decodeSteps,
            prefixCacheEnabled: prefixCache)
    }
}

extension ServingLimits {
    /// Prompt tokens that the policy lets a microbatch have.
    fileprivate var promptTokensMax: Int {
        switch chunking {
        case .fixed(let tokens): tokens
        case .whole, .automatic: prefillTokensMax
        case .dynamic(let tokens, _): max(tokens, prefillTokensMax)
        }
    }
}

/// A prompt that shares no page with prompts of other salts.
func prompt(_ count: Int, salt: UInt32 = 0) -> [TokenID] {
    (0..<UInt32(count)).map { ($0 &* 7 &+ salt &* 31 &+ $0 / 64) % 97 }
}
