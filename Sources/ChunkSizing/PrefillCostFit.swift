/// What one stage took for one microbatch.
package struct PrefillSample: Hashable, Sendable {
    /// Tokens of all its chunks.
    package var tokens: Double
    /// C·(2H + C), summed over its chunks.
    package var pairs: Double
    package var seconds: Double

    package init(tokens: Double, pairs: Double, seconds: Double) {
        self.tokens = tokens
        self.pairs = pairs
        self.seconds = seconds
    }

    /// One chunk.
    package init(tokens count: Int, after start: Int, seconds: Double) {
        self.init(
            tokens: Double(count), pairs: Double(count) * (2 * Double(start) + Double(count)),
            seconds: seconds)
    }
}

extension PrefillCost {
    /// Seconds for a microbatch of several chunks.
    func seconds(_ sample: PrefillSample) -> Double {
        fixed + linear * sample.tokens + attention * sample.pairs
    }
}

/// A cost model fitted to samples, and how well it fits them.
package struct PrefillCostFit: Hashable, Sendable {
    package let cost: PrefillCost
    /// The median of |predicted − measured| / measured.
    package let relativeError: Double

    /// Least squares of relative errors with no negative cost, in which samples far from the
    /// others lose their weight (iteratively reweighted, Tukey's biweight). nil if the samples
    /// do not determine a cost, which takes three different ones.
    package init?(_ samples: [PrefillSample]) {
        let usable = samples.filter { $0.seconds > 0 && $0.tokens > 0 }
        guard usable.count >= 3 else { return nil }
        var weights = [Double](repeating: 1, count: usable.count)
        var fitted: PrefillCost?
        var errors: [Double] = []
        for round in 0..<Self.rounds {
            guard let cost = Self.leastSquares(usable, weights) else { return nil }
            fitted = cost
            errors = usable.map { abs(cost.seconds($0) / $0.seconds - 1) }
            let scale = max(Self.median(errors) * 1.4826, 1e-6)
            // Wide at first, as the first fit may have been drawn away by what is to be left out.
            let cutOff = scale * max(4.7, 20 / Double(1 << min(round, 4)))
            weights = errors.map { error in
                let share = error / cutOff
                return share < 1 ? (1 - share * share) * (1 - share * share) : 0
            }
        }
        guard let fitted else { return nil }
        cost = fitted
        relativeError = Self.median(errors)
    }

    private static let rounds = 12

    /// The best of the solutions in which some costs are zero and no other is negative.
    private static func leastSquares(
        _ samples: [PrefillSample], _ weights: [Double]
    ) -> PrefillCost? {
        // Scaled to one, so that the elimination compares like with like.
        let tokensMax = samples.reduce(0) { max($0, $1.tokens) }
        let pairsMax = samples.reduce(0) { max($0, $1.pairs) }
        var equations = NormalEquations(unknowns: 3)
        for (sample, weight) in zip(samples, weights) {
            let row = [1, sample.tokens / tokensMax, sample.pairs / pairsMax]
            equations.add(row.map { $0 / sample.seconds }, equals: 1, weight: weight)
        }
        var best: (cost: PrefillCost, error: Double)?
        for free in [[0, 1, 2], [1, 2], [0, 2], [0, 1], [1], [2]] {
            guard let solution = equations.solution(of: free), solution.allSatisfy({ $0 >= 0 })
            else { continue }
            let cost = PrefillCost(
                fixed: solution[0], linear: solution[1] / tokensMax,
                attention: solution[2] / pairsMax)
            let error = zip(samples, weights).reduce(0) { sum, pair in
                let relative = cost.seconds(pair.0) / pair.0.seconds - 1
                return sum + pair.1 * relative * relative
            }
            if error < best?.error ?? .infinity { best = (cost, error) }
        }
        return best?.cost
    }

    static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        return values.sorted()[values.count / 2]
    }
}
