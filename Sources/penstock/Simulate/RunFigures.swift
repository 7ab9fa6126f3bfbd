import PipelineTypes
import Simulation
import Timelines

/// What came out of one run of a scenario, in virtual time or on paced stages.
struct RunFigures {
    var requests: [RequestOutcome]
    /// Seconds from the beginning to the end of the last request.
    var makespan: Double
    /// Seconds; nil if no request had a token.
    var timeToFirstToken: Distribution?
    /// Seconds between two tokens of a request; nil if no request had two.
    var interTokenLatency: Distribution?
    var timeline: Timeline
    var bubbles: BubbleReport
    /// Of a simulated run.
    var traceHash: UInt64?
    var violations: [String] = []
    /// Of a paced run: each stage's layers when it ended.
    var layerCounts: [Int]?
    private var promptChunks: [RequestID: [Int]]
    /// Positions of each request that are computed or came out of the prefix cache.
    private var reach: [RequestID: Int]

    init(simulated report: SimulationReport) {
        requests = report.requests
        makespan = report.makespan
        timeToFirstToken = report.timeToFirstToken
        interTokenLatency = report.interTokenLatency
        timeline =
            report.timeline
            ?? Timeline(source: .simulated, stageCount: report.busySeconds.count)
        bubbles = BubbleReport(timeline)
        traceHash = report.traceHash
        violations = report.violations
        promptChunks = timeline.promptChunks(of: requests)
        reach = timeline.reach
    }

    init(
        requests: [RequestOutcome], interTokenSeconds: [Double], makespan: Double,
        timeline: Timeline
    ) {
        self.requests = requests
        self.makespan = makespan
        timeToFirstToken = Distribution(requests.compactMap(\.timeToFirstToken))
        interTokenLatency = Distribution(interTokenSeconds)
        self.timeline = timeline
        bubbles = BubbleReport(timeline)
        promptChunks = timeline.promptChunks(of: requests)
        reach = timeline.reach
    }

    /// Prompt tokens that were computed or came out of the prefix cache, a second.
    var promptTokensPerSecond: Double {
        let tokens = requests.reduce(0) { $0 + min($1.promptTokens, reach[$1.id] ?? 0) }
        return makespan > 0 ? Double(tokens) / makespan : 0
    }

    var outputTokensPerSecond: Double {
        let tokens = requests.reduce(0) { $0 + $1.outputTokens }
        return makespan > 0 ? Double(tokens) / makespan : 0
    }

    /// Tokens of each chunk of a request's prompt, those that were computed again among them.
    func chunks(of request: RequestID) -> [Int] {
        promptChunks[request] ?? []
    }

    /// How many requests ended in each way, in the order of the names.
    var ends: [(name: String, count: Int)] {
        var ends: [(name: String, count: Int)] = []
        for name in RequestEnd.names {
            let count = requests.count { $0.end?.name == name }
            if count > 0 { ends.append((name, count)) }
        }
        return ends
    }
}

extension Timeline {
    /// The positions of each request up to the end of its last chunk.
    fileprivate var reach: [RequestID: Int] {
        var reach: [RequestID: Int] = [:]
        for chunk in microbatches.lazy.flatMap(\.chunks) {
            reach[chunk.request] = max(reach[chunk.request] ?? 0, chunk.positions.upperBound)
        }
        return reach
    }

    /// Tokens of the chunks that hold positions of each request's prompt.
    fileprivate func promptChunks(of requests: [RequestOutcome]) -> [RequestID: [Int]] {
        let lengths: [RequestID: Int] = requests.reduce(into: [:]) { $0[$1.id] = $1.promptTokens }
        var sizes: [RequestID: [Int]] = [:]
        for chunk in microbatches.lazy.flatMap(\.chunks)
        where chunk.positions.lowerBound < lengths[chunk.request] ?? 0 {
            sizes[chunk.request, default: []].append(chunk.positions.count)
        }
        return sizes
    }
}

extension RequestEnd {
    fileprivate static let names = ["finished", "cancelled", "rejected", "failed"]

    fileprivate var name: String {
        switch self {
        case .finished: "finished"
        case .cancelled: "cancelled"
        case .rejected: "rejected"
        case .failed: "failed"
        }
    }
}
