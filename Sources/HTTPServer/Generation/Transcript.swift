package import PipelineTypes

/// All that one sequence has produced so far.
package struct Transcript: Sendable {
    package let promptTokenCount: Int
    package private(set) var cachedTokenCount = 0
    package private(set) var promptScores: [ScoredToken] = []
    package private(set) var tokens: [ScoredToken] = []
    package private(set) var text = ""
    /// nil while it goes on.
    package private(set) var outcome: GenerationOutcome?

    package init(promptTokenCount: Int) {
        self.promptTokenCount = promptTokenCount
    }

    package mutating func apply(_ update: GenerationUpdate) {
        switch update {
        case .started(let cachedTokens):
            cachedTokenCount = cachedTokens
        case .promptScored(let scores):
            promptScores += scores
        case .generated(let token, let text):
            tokens.append(token)
            self.text += text
        case .ended(let outcome, let text):
            self.outcome = outcome
            self.text += text
        }
    }
}
