import DequeModule
import PipelineTypes
import Scheduling
import Timelines

/// Writes down what a report needs while a simulation runs.
struct RunRecorder {
    private var outcomes: [RequestOutcome] = []
    /// When each request had its last token.
    private var lastTokens: [Instant?] = []
    private var interTokenSeconds: [Double] = []
    private var lastEnd = Instant.zero
    private var timeline: Timeline?

    init(limits: ServingLimits, keepsTimeline: Bool) {
        guard keepsTimeline else { return }
        timeline = Timeline(
            source: .simulated, stageCount: limits.stageCount,
            microbatchesInFlightMax: limits.microbatchesInFlightMax)
    }

    var keepsTimeline: Bool {
        timeline != nil
    }

    /// Ids count from 0.
    mutating func noteSubmission(_ request: GenerationRequest, source: String, at now: Instant) {
        outcomes.append(
            RequestOutcome(
                id: request.id, source: source, promptTokens: request.prompt.count, submitted: now))
        lastTokens.append(nil)
    }

    mutating func noteDelivery(of event: RequestEvent, to id: RequestID, at now: Instant) {
        guard id.rawValue < outcomes.count else { return }
        let index = Int(id.rawValue)
        switch event {
        case .started(let cachedTokens):
            outcomes[index].cachedTokens = cachedTokens
        case .promptLogprobs:
            break
        case .token:
            if let last = lastTokens[index] {
                interTokenSeconds.append(now.seconds(since: last))
            } else {
                outcomes[index].firstToken = now
            }
            lastTokens[index] = now
            outcomes[index].outputTokens += 1
        case .ended(let end):
            outcomes[index].end = end
            outcomes[index].ended = now
            lastEnd = now
        }
    }

    mutating func noteCompletion(_ span: MicrobatchSpan) {
        timeline?.microbatches.append(span)
    }

    func report() -> SimulationReport {
        var report = SimulationReport()
        report.makespan = lastEnd.seconds(since: .zero)
        report.requests = outcomes
        report.timeToFirstToken = Distribution(outcomes.compactMap(\.timeToFirstToken))
        report.interTokenLatency = Distribution(interTokenSeconds)
        report.timeline = timeline
        return report
    }
}
