/// One stage's time for a chunk of C tokens after a prefix of H:
/// t(C, H) = c + e·H + b·C + a·C·(2H + C).
///
/// With f(l) = a·l² + b·l the last two terms are f(H + C) − f(H): they depend on where the chunk
/// begins and ends only, so the cuts of a prompt do not change their sum. The first two are what
/// every further chunk costs.
package struct PrefillCost: Hashable, Sendable {
    /// Seconds per chunk, whatever its length (c).
    package var fixed: Double
    /// Seconds per token: linear layers, norms, the activation's way to the next stage (b).
    package var linear: Double
    /// Seconds per pair of positions, halved: attention (a).
    package var attention: Double
    /// Seconds per position of the prefix (e): its keys and values are read from memory once for
    /// every chunk, or made anew from what latent attention keeps.
    package var prefix: Double

    /// None may be negative.
    package init(fixed: Double, linear: Double, attention: Double, prefix: Double = 0) {
        precondition(
            fixed >= 0 && linear >= 0 && attention >= 0 && prefix >= 0, "a cost is negative")
        self.fixed = fixed
        self.linear = linear
        self.attention = attention
        self.prefix = prefix
    }

    package static let zero = PrefillCost(fixed: 0, linear: 0, attention: 0)

    /// Seconds for `count` tokens that follow `start` others.
    package func seconds(tokens count: Int, after start: Int) -> Double {
        let (count, start) = (Double(count), Double(start))
        return fixed + prefix * start + count * (linear + attention * (2 * start + count))
    }

    /// Seconds for a run of positions in one chunk.
    package func seconds(_ positions: Range<Int>) -> Double {
        seconds(tokens: positions.count, after: positions.lowerBound)
    }

    /// Seconds that a chunk after `start` others takes besides its tokens'.
    package func overhead(after start: Int) -> Double {
        fixed + prefix * Double(start)
    }

    /// Seconds for a run of positions but for the overheads of its chunks, f(end) − f(start).
    package func work(_ positions: Range<Int>) -> Double {
        let (count, start) = (Double(positions.count), Double(positions.lowerBound))
        return count * (linear + attention * (2 * start + count))
    }

    /// The most tokens after `start` that take no longer than so many seconds, not rounded: the
    /// positive root of a·x² + (2·a·H + b)·x − (seconds − c − e·H). Infinite if tokens cost
    /// nothing.
    package func tokens(within seconds: Double, after start: Int) -> Double {
        let budget = seconds - overhead(after: start)
        guard budget > 0 else { return 0 }
        let slope = linear + 2 * attention * Double(start)
        guard attention > 0 else { return slope > 0 ? budget / slope : .infinity }
        // The form that does not subtract two large numbers.
        return 2 * budget / (slope + (slope * slope + 4 * attention * budget).squareRoot())
    }

    /// The nearest cost whose chunks take the same overhead everywhere: that of chunks in the mean,
    /// if all of them take equal times.
    package func averaged(over positions: Range<Int>) -> PrefillCost {
        var cost = self
        cost.fixed += prefix * meanCut(positions)
        cost.prefix = 0
        return cost
    }

    /// Seconds of so many chunks of equal time, one after the other. Their prefixes end half a
    /// chunk before the mean of the cuts.
    func sum(_ positions: Range<Int>, chunkCount: Int) -> Double {
        let count = Double(chunkCount)
        let prefixes = count * meanCut(positions) - Double(positions.count) / 2
        return work(positions) + count * fixed + prefix * max(0, prefixes)
    }

    /// The mean of the cuts between many chunks of equal time: ∫ l·f′(l) dl / ∫ f′(l) dl.
    func meanCut(_ positions: Range<Int>) -> Double {
        let (start, end) = (Double(positions.lowerBound), Double(positions.upperBound))
        let work = work(positions)
        guard work > 0 else { return (start + end) / 2 }
        let squares = start * start + start * end + end * end
        let moment = linear * (start + end) / 2 + 2 * attention * squares / 3
        return moment * (end - start) / work
    }

    package func scaled(by factor: Double) -> PrefillCost {
        PrefillCost(
            fixed: fixed * factor, linear: linear * factor, attention: attention * factor,
            prefix: prefix * factor)
    }

    package static func + (left: PrefillCost, right: PrefillCost) -> PrefillCost {
        PrefillCost(
            fixed: left.fixed + right.fixed, linear: left.linear + right.linear,
            attention: left.attention + right.attention, prefix: left.prefix + right.prefix)
    }
}
