/// One stage's time for a chunk of C tokens after a prefix of H: t(C, H) = c + b·C + a·C·(2H + C).
///
/// With f(l) = a·l² + b·l this is c + f(H + C) − f(H): what a chunk costs beyond `fixed` depends on
/// where it begins and ends only, so the cuts of a prompt do not change the sum.
package struct PrefillCost: Hashable, Sendable {
    /// Seconds per chunk, whatever its length (c).
    package var fixed: Double
    /// Seconds per token: linear layers, norms, the activation's way to the next stage (b).
    package var linear: Double
    /// Seconds per pair of positions, halved: attention (a).
    package var attention: Double

    /// None may be negative.
    package init(fixed: Double, linear: Double, attention: Double) {
        precondition(fixed >= 0 && linear >= 0 && attention >= 0, "a cost is negative")
        self.fixed = fixed
        self.linear = linear
        self.attention = attention
    }

    package static let zero = PrefillCost(fixed: 0, linear: 0, attention: 0)

    /// Seconds for `count` tokens that follow `start` others.
    package func seconds(tokens count: Int, after start: Int) -> Double {
        let count = Double(count)
        return fixed + count * (linear + attention * (2 * Double(start) + count))
    }

    /// Seconds for all positions of a prompt but for the fixed cost of its chunks, f(l).
    package func work(upTo end: Int) -> Double {
        let end = Double(end)
        return end * (linear + attention * end)
    }

    /// Seconds for a run of positions but for the fixed cost of its chunks.
    package func work(_ positions: Range<Int>) -> Double {
        seconds(tokens: positions.count, after: positions.lowerBound) - fixed
    }

    /// The most tokens after `start` that take no longer than so many seconds, not rounded:
    /// the positive root of a·x² + (2·a·H + b)·x − (seconds − c). Infinite if tokens cost nothing.
    package func tokens(within seconds: Double, after start: Int) -> Double {
        let budget = seconds - fixed
        guard budget > 0 else { return 0 }
        let slope = linear + 2 * attention * Double(start)
        guard attention > 0 else { return slope > 0 ? budget / slope : .infinity }
        // The form that does not subtract two large numbers.
        return 2 * budget / (slope + (slope * slope + 4 * attention * budget).squareRoot())
    }

    package func scaled(by factor: Double) -> PrefillCost {
        PrefillCost(
            fixed: fixed * factor, linear: linear * factor, attention: attention * factor)
    }

    package static func + (left: PrefillCost, right: PrefillCost) -> PrefillCost {
        PrefillCost(
            fixed: left.fixed + right.fixed, linear: left.linear + right.linear,
            attention: left.attention + right.attention)
    }
}
