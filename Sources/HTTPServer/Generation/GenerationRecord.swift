/// What there is to say of one sequence once it is over, for the log.
package struct GenerationRecord: Sendable, CustomStringConvertible {
    package private(set) var promptTokenCount: Int
    package private(set) var cachedTokenCount = 0
    package private(set) var tokenCount = 0
    /// nil if it was cancelled.
    package private(set) var outcome: GenerationOutcome?
    /// From the request's arrival to the first token, and to the end.
    package private(set) var timeToFirstToken: Duration?
    package private(set) var duration: Duration = .zero
    private let arrived: ContinuousClock.Instant

    init(promptTokenCount: Int, arrived: ContinuousClock.Instant) {
        self.promptTokenCount = promptTokenCount
        self.arrived = arrived
    }

    mutating func note(_ update: GenerationUpdate) {
        switch update {
        case .started(let cachedTokens):
            cachedTokenCount = cachedTokens
        case .promptScored:
            break
        case .generated:
            if tokenCount == 0 { timeToFirstToken = arrived.duration(to: .now) }
            tokenCount += 1
        case .ended(let outcome, _):
            self.outcome = outcome
        }
        duration = arrived.duration(to: .now)
    }

    /// Closes the record of a sequence that may have had no last update.
    mutating func end() {
        duration = arrived.duration(to: .now)
    }

    package var description: String {
        let cached = cachedTokenCount > 0 ? " (\(cachedTokenCount) cached)" : ""
        let first = timeToFirstToken.map { ", the first after \(Self.seconds($0))" } ?? ""
        return """
            \(promptTokenCount) prompt tokens\(cached), \(tokenCount) generated\(first); \
            \(ending) after \(Self.seconds(duration))
            """
    }

    private var ending: String {
        switch outcome {
        case .stoppedAtToken, .stoppedAtString: "stop"
        case .lengthReached: "length"
        case .aborted, nil: "cancelled"
        case .failed(let error): "failed (\(error.message))"
        }
    }

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = Int((duration / .milliseconds(1)).rounded())
        return milliseconds < 10_000 ? "\(milliseconds) ms" : "\(milliseconds / 1000) s"
    }
}
