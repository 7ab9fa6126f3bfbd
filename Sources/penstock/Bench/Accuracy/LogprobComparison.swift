import Foundation

/// What the log probabilities of one text's tokens say of two ways to compute them. Differences
/// are natural logarithms, the second less the first.
struct LogprobComparison {
    private(set) var meanDifference = 0.0
    private(set) var meanAbsoluteDifference = 0.0
    private(set) var largestAbsoluteDifference = 0.0
    let firstPerplexity: Double
    let secondPerplexity: Double

    /// - Parameters: of the same tokens, at least one.
    init(_ first: [Float], _ second: [Float]) {
        precondition(first.count == second.count && !first.isEmpty)
        firstPerplexity = Self.perplexity(first)
        secondPerplexity = Self.perplexity(second)
        let count = Double(first.count)
        for (first, second) in zip(first, second) {
            let difference = Double(second) - Double(first)
            meanDifference += difference / count
            meanAbsoluteDifference += abs(difference) / count
            largestAbsoluteDifference = max(largestAbsoluteDifference, abs(difference))
        }
    }

    /// As a share of the first.
    var perplexityChange: Double {
        secondPerplexity / firstPerplexity - 1
    }

    /// exp of the mean negative log probability.
    private static func perplexity(_ logprobs: [Float]) -> Double {
        exp(-logprobs.reduce(0) { $0 + Double($1) } / Double(logprobs.count))
    }
}
