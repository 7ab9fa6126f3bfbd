/// What one stage took for one microbatch.
package struct PrefillSample: Hashable, Sendable {
    /// Tokens of all its chunks.
    package var tokens: Double
    /// C·(2H + C), summed over its chunks.
    package var pairs: Double
    /// H, summed over its chunks.
    package var prefixes: Double
    package var seconds: Double

    package init(tokens: Double, pairs: Double, prefixes: Double, seconds: Double) {
        self.tokens = tokens
        self.pairs = pairs
        self.prefixes = prefixes
        self.seconds = seconds
    }

    /// One chunk.
    package init(tokens count: Int, after start: Int, seconds: Double) {
        self.init(
            tokens: Double(count), pairs: Double(count) * (2 * Double(start) + Double(count)),
            prefixes: Double(start), seconds: seconds)
    }
}

extension PrefillCost {
    /// Seconds for a microbatch of several chunks.
    func seconds(_ sample: PrefillSample) -> Double {
        fixed + linear * sample.tokens + attention * sample.pairs + prefix * sample.prefixes
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
            let before = errors
            errors = usable.map { abs(cost.seconds($0) / $0.seconds - 1) }
            let scale = max(Self.median(errors) * 1.4826, 1e-6)
            // Wide at first, as the first fit may have been drawn away by what is to be left out.
            let cutOff = scale * max(4.7, 20 / Double(1 << min(round, 4)))
            if round > 4, zip(errors, before).allSatisfy({ abs($0 - $1) < 0.01 * scale }) { break }
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

    /// The best of the solutions in which some costs are zero and no other is negative. The prefix
    /// costs nothing unless that is surer than two standard errors.
    private static func leastSquares(
        _ samples: [PrefillSample], _ weights: [Double]
    ) -> PrefillCost? {
        let system = System(samples, weights)
        let freeCosts = [[0, 1, 2], [1, 2], [0, 2], [0, 1], [1], [2]]
        guard let plain = system.best(of: freeCosts) else { return nil }
        let withPrefix = system.best(of: [[0, 1, 2, 3], [1, 2, 3], [0, 1, 3], [1, 3]])
        let freedom = weights.reduce(-4, +)
        guard let withPrefix, freedom > 0,
            plain.error - withPrefix.error > 4 * withPrefix.error / freedom
        else { return plain.cost }
        return withPrefix.cost
    }

    /// The weighted equations of all samples, in the unknowns c, b, a and e.
    private struct System {
        private let samples: [PrefillSample]
        private let weights: [Double]
        /// What each unknown is multiplied by at most: scaled to one, so that the elimination
        /// compares like with like.
        private let largest: [Double]
        private var equations = NormalEquations(unknowns: 4)

        init(_ samples: [PrefillSample], _ weights: [Double]) {
            self.samples = samples
            self.weights = weights
            let rows = samples.map { [1, $0.tokens, $0.pairs, $0.prefixes] }
            largest = (0..<4).map { column in
                let most = rows.reduce(0) { max($0, $1[column]) }
                return most > 0 ? most : 1
            }
            for (index, row) in rows.enumerated() {
                let scaled = zip(row, largest).map { $0 / $1 / samples[index].seconds }
                equations.add(scaled, equals: 1, weight: weights[index])
            }
        }

        /// The cost with the least error of those in which all but some are zero. The first choice
        /// holds all others, so that none is better if it has a solution.
        func best(of choices: [[Int]]) -> (cost: PrefillCost, error: Double)? {
            if let first = choices.first.flatMap(solution) { return first }
            return choices.dropFirst().compactMap(solution).min { $0.error < $1.error }
        }

        private func solution(free: [Int]) -> (cost: PrefillCost, error: Double)? {
            guard let scaled = equations.solution(of: free), scaled.allSatisfy({ $0 >= 0 })
            else { return nil }
            let costs = zip(scaled, largest).map { $0 / $1 }
            let cost = PrefillCost(
                fixed: costs[0], linear: costs[1], attention: costs[2], prefix: costs[3])
            // A position takes longer to compute than to be looked up.
            guard cost.prefix <= cost.linear else { return nil }
            let error = zip(samples, weights).reduce(0) { sum, pair in
                let relative = cost.seconds(pair.0) / pair.0.seconds - 1
                return sum + pair.1 * relative * relative
            }
            return (cost, error)
        }
    }

    static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        return values.sorted()[values.count / 2]
    }
}
