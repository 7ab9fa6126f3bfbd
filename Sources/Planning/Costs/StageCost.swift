package import ChunkSizing

/// One stage's time for a chunk of C tokens after a prefix of H: c + b·C + a·C·(2H + C) + e·H.
/// The last term is latent attention's: keys and values of the prefix are expanded for every chunk.
package struct StageCost: ChunkCost {
    package var chunk: PrefillCost
    /// Seconds per position of the prefix (e).
    package var prefix: Double

    package init(chunk: PrefillCost, prefix: Double) {
        self.chunk = chunk
        self.prefix = prefix
    }

    package func seconds(tokens count: Int, after start: Int) -> Double {
        chunk.seconds(tokens: count, after: start) + prefix * Double(start)
    }

    /// The nearest cost without the last term, for a run of positions: the prefix of a chunk ends
    /// in its middle in the mean, so that every chunk costs so much more.
    package func averaged(over positions: Range<Int>) -> PrefillCost {
        var cost = chunk
        cost.fixed += prefix * Double(positions.lowerBound + positions.count / 2)
        return cost
    }
}
