import Glibc
import PipelineTypes

/// Chooses a token from logits: greedily, or by a draw that depends on the seed and the position
/// alone.
struct TokenSampler {
    private let temperature: Float
    private let topP: Float
    private let topK: Int?
    private let minP: Float
    /// Uniform in [0, 1).
    private let draw: Double

    private struct Candidate {
        var token: Int
        /// Relative to the most likely token's, which is 1.
        var weight: Float
    }

    init(_ step: SamplingStep, position: Int) {
        temperature = step.temperature
        topP = step.topP
        topK = step.topK
        minP = step.minP
        draw = Self.uniform(seed: step.seed, position: position)
    }

    func choose(from logits: Span<Float>) -> TokenID {
        let best = mostLikely(logits)
        guard temperature > 0, topK != 1 else { return TokenID(best) }
        let largest = logits[best]
        // Any weight that is not a number would poison the sums: the best token is all there is.
        guard largest.isFinite else { return TokenID(best) }
        if topP >= 1, topK == nil, minP <= 0 {
            return TokenID(chooseFromAll(logits, largest: largest) ?? best)
        }
        return TokenID(choose(among: candidates(logits, largest: largest)) ?? best)
    }

    /// Ties go to the lower id.
    private func mostLikely(_ logits: Span<Float>) -> Int {
        var (best, largest) = (0, -Float.infinity)
        for token in logits.indices where logits[token] > largest {
            (best, largest) = (token, logits[token])
        }
        return best
    }

    private func weight(_ logit: Float, largest: Float) -> Float {
        let weight = exp((logit - largest) / temperature)
        return weight.isNaN ? 0 : weight
    }

    /// Without filters the vocabulary need not be sorted.
    private func chooseFromAll(_ logits: Span<Float>, largest: Float) -> Int? {
        var total = 0.0
        for token in logits.indices { total += Double(weight(logits[token], largest: largest)) }
        var rest = draw * total
        for token in logits.indices {
            rest -= Double(weight(logits[token], largest: largest))
            if rest < 0 { return token }
        }
        return nil
    }

    /// What is left of the vocabulary after top-k, top-p and min-p, each judged on the whole
    /// distribution, best first.
    private func candidates(_ logits: Span<Float>, largest: Float) -> [Candidate] {
        var weights = [Float](repeating: 0, count: logits.count)
        var total = 0.0
        for token in logits.indices {
            weights[token] = weight(logits[token], largest: largest)
            total += Double(weights[token])
        }
        // Sort only as much of the distribution's head as the filters reach into.
        var floor: Float = 1e-3
        while true {
            var head: [Candidate] = []
            var mass = 0.0
            for token in weights.indices where weights[token] >= floor {
                head.append(Candidate(token: token, weight: weights[token]))
                mass += Double(weights[token])
            }
            let isEnough =
                floor == 0 || mass >= Double(topP) * total || head.count >= topK ?? Int.max
                || floor <= minP
            if isEnough { return filter(head, total: total) }
            floor = floor > 1e-30 ? floor * 1e-3 : 0
        }
    }

    private func filter(_ head: [Candidate], total: Double) -> [Candidate] {
        let sorted = head.sorted {
            $0.weight != $1.weight ? $0.weight > $1.weight : $0.token < $1.token
        }
        var kept: [Candidate] = []
        var before = 0.0
        for candidate in sorted.prefix(topK ?? sorted.count) {
            guard before <= Double(topP) * total, candidate.weight >= minP else { break }
            kept.append(candidate)
            before += Double(candidate.weight)
        }
        return kept
    }

    private func choose(among candidates: [Candidate]) -> Int? {
        let total = candidates.reduce(0.0) { $0 + Double($1.weight) }
        var rest = draw * total
        for candidate in candidates {
            rest -= Double(candidate.weight)
            if rest < 0 { return candidate.token }
        }
        return candidates.last?.token
    }

    /// SplitMix64 of seed and position (Steele, Lea and Flood, OOPSLA 2014), as a fraction.
    private static func uniform(seed: UInt64, position: Int) -> Double {
        func mix(_ value: UInt64) -> UInt64 {
            var z = value &+ 0x9E37_79B9_7F4A_7C15
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        let bits = mix(mix(seed) ^ UInt64(truncatingIfNeeded: position))
        return Double(bits >> 11) * 0x1p-53
    }
}
