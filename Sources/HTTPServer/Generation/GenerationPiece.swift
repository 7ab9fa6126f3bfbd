import PipelineTypes

/// What one event of a stream tells of a sequence: the tokens since the last event.
struct GenerationPiece: Sendable {
    var tokens: [ScoredToken] = []
    var text = ""
    /// nil while the sequence goes on.
    var outcome: GenerationOutcome?
}

/// Gathers a sequence's updates into pieces of so many tokens; the first token goes out alone.
struct PieceGatherer: Sendable {
    private let interval: Int
    private var gathered = GenerationPiece()
    private var isFirst = true

    init(interval: Int) {
        self.interval = interval
    }

    /// The piece that this update completes.
    mutating func add(_ update: GenerationUpdate) -> GenerationPiece? {
        switch update {
        case .started, .promptScored:
            return nil
        case .generated(let token, let text):
            gathered.tokens.append(token)
            gathered.text += text
            guard isFirst || gathered.tokens.count >= interval else { return nil }
        case .ended(let outcome, let text):
            gathered.text += text
            gathered.outcome = outcome
        }
        isFirst = false
        defer { gathered = GenerationPiece() }
        return gathered
    }
}
