import PipelineTypes

/// The tokens of a request that penalties punish, counted as they come.
struct PenaltyHistory: Sendable {
    /// Distinct, ascending; empty if nothing depends on them.
    private let promptTokens: [TokenID]
    /// Ascending by token.
    private var outputCounts: [TokenCount] = []

    /// nil if `sampling` penalises nothing.
    init?(prompt: [TokenID], sampling: SamplingParameters) {
        guard
            sampling.frequencyPenalty != 0 || sampling.presencePenalty != 0
                || sampling.repetitionPenalty != 1
        else { return nil }
        promptTokens = sampling.repetitionPenalty == 1 ? [] : Self.distinct(prompt)
    }

    mutating func append(_ token: TokenID) {
        let index = outputCounts.partitioningIndex { $0.token >= token }
        if index < outputCounts.count && outputCounts[index].token == token {
            outputCounts[index].count += 1
        } else {
            outputCounts.insert(TokenCount(token: token, count: 1), at: index)
        }
    }

    func step(_ sampling: SamplingParameters) -> PenaltyStep {
        PenaltyStep(
            frequency: sampling.frequencyPenalty, presence: sampling.presencePenalty,
            repetition: sampling.repetitionPenalty, outputCounts: outputCounts,
            promptTokens: promptTokens)
    }

    private static func distinct(_ tokens: [TokenID]) -> [TokenID] {
        var distinct: [TokenID] = []
        for token in tokens.sorted() where token != distinct.last {
            distinct.append(token)
        }
        return distinct
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element satisfies `isAfter`, which no element before it does and all
    /// from it on do.
    fileprivate func partitioningIndex(where isAfter: (Element) -> Bool) -> Int {
        var range = startIndex..<endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range =
                isAfter(self[middle])
                ? range.lowerBound..<middle : middle + 1..<range.upperBound
        }
        return range.lowerBound
    }
}
