import Glibc
import Kernels
import PipelineTypes

/// One position's logits over the vocabulary.
struct LogitRow {
    let logits: Rows
    let row: Int
    let kernels: LayerKernels

    /// The log probability of a known token, and of the others that were asked for.
    func score(_ token: TokenID, _ selection: LogprobSelection?) -> ScoredToken {
        let normalizer = logSumOfExponentials
        return logits.withRow(row) { logits in
            func logprob(_ token: TokenID) -> TokenLogprob {
                TokenLogprob(token: token, logprob: logits[Int(token)] - normalizer)
            }
            let known = (selection?.tokens ?? []).filter { $0 < logits.count }
            return ScoredToken(
                token: token, logprob: logprob(token).logprob,
                top: Self.top(selection?.topCount ?? 0, of: logits.span).map(logprob),
                selected: known.map(logprob))
        }
    }

    /// Chooses the token for `position`. Log probabilities are those of the model, before
    /// temperature, penalties and bias. Changes the logits.
    func sample(_ step: SamplingStep, position: Int) -> ScoredToken {
        var scored: ScoredToken?
        if let selection = step.logprobs { scored = score(0, selection) }
        let normalizer = scored == nil ? 0 : logSumOfExponentials
        return logits.withRow(row) { logits in
            var span = logits.mutableSpan
            // The token's own score, before its logit is changed.
            let original = step.logprobs == nil ? [] : Array(logits)
            step.penalties?.apply(to: &span)
            for entry in step.logitBias where entry.token < logits.count {
                span[Int(entry.token)] += entry.bias
            }
            let token = TokenSampler(step, position: position).choose(from: span.span)
            guard var scored else { return ScoredToken(token: token) }
            scored.token = token
            scored.logprob = original[Int(token)] - normalizer
            return scored
        }
    }

    private var logSumOfExponentials: Float {
        let largest = kernels.maximum(logits, row: row)
        return largest
            + log(kernels.sumOfExponentials(logits, row: row, offset: largest))
    }

    /// The `count` largest logits' tokens, best first; ties go to the lower id.
    static func top(_ count: Int, of logits: Span<Float>) -> [TokenID] {
        guard count > 0 else { return [] }
        var best: [(token: Int, logit: Float)] = []
        for token in logits.indices {
            let logit = logits[token]
            if best.count == count {
                guard logit > best[count - 1].logit else { continue }
                best.removeLast()
            }
            let place = best.firstIndex { logit > $0.logit } ?? best.count
            best.insert((token, logit), at: place)
        }
        return best.map { TokenID($0.token) }
    }
}

extension PenaltyStep {
    /// Punishes the tokens of the history.
    func apply(to logits: inout MutableSpan<Float>) {
        if repetition != 1 {
            // A token of prompt and output counts once.
            let prompt = Set(promptTokens)
            let generated = outputCounts.lazy.map(\.token).filter { !prompt.contains($0) }
            for token in promptTokens + generated where token < logits.count {
                let logit = logits[Int(token)]
                logits[Int(token)] = logit > 0 ? logit / repetition : logit * repetition
            }
        }
        for entry in outputCounts where entry.token < logits.count {
            logits[Int(entry.token)] -= frequency * Float(entry.count) + presence
        }
    }
}
