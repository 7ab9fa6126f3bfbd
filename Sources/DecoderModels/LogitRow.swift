import Glibc
import Kernels
import PipelineTypes

/// One position's logits over the vocabulary.
struct LogitRow {
    let logits: Rows
    let row: Int
    let kernels: LayerKernels

    /// The log probability of a known token, and of the others that were asked for; nil if the
    /// logits are no finite numbers.
    func score(_ token: TokenID, _ selection: LogprobSelection?) -> ScoredToken? {
        largest.map { score(token, selection, normalizer: normalizer(largest: $0)) }
    }

    /// Chooses the token for `position`; nil if the logits are no finite numbers. Log probabilities
    /// are those of the model, before temperature, penalties and bias, which change the logits.
    func sample(_ step: SamplingStep, position: Int) -> ScoredToken? {
        guard let largest else { return nil }
        let sampler = TokenSampler(step, position: position)
        guard let selection = step.logprobs else {
            return logits.withRow(row) { logits in
                var span = logits.mutableSpan
                step.adjust(&span)
                return ScoredToken(token: sampler.choose(from: span.span))
            }
        }
        let normalizer = normalizer(largest: largest)
        var scored = score(0, selection, normalizer: normalizer)
        logits.withRow(row) { logits in
            let original = Array(logits)
            var span = logits.mutableSpan
            step.adjust(&span)
            scored.token = sampler.choose(from: span.span)
            scored.logprob = original[Int(scored.token)] - normalizer
        }
        return scored
    }

    private func score(
        _ token: TokenID, _ selection: LogprobSelection?, normalizer: Float
    ) -> ScoredToken {
        logits.withRow(row) { logits in
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

    /// nil if any logit is NaN, or none is finite.
    private var largest: Float? {
        let largest = kernels.maximum(logits, row: row)
        return largest.isFinite ? largest : nil
    }

    /// What log probabilities are less than logits: the logarithm of the sum of exponentials.
    private func normalizer(largest: Float) -> Float {
        largest + log(kernels.sumOfExponentials(logits, row: row, offset: largest))
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

extension SamplingStep {
    /// Applies penalties and bias.
    fileprivate func adjust(_ logits: inout MutableSpan<Float>) {
        penalties?.apply(to: &logits)
        for entry in logitBias where entry.token < logits.count {
            logits[Int(entry.token)] += entry.bias
        }
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
