/// How a model attends.
package enum AttentionShape: Hashable, Sendable {
    case groupedQuery(GroupedQueryAttention)
    case latent(LatentAttention)

    package var headCount: Int {
        switch self {
        case .groupedQuery(let attention): attention.headCount
        case .latent(let attention): attention.headCount
        }
    }

    /// Weights of one layer's projections.
    func parameters(hiddenSize: Int) -> Double {
        let projections = projections(hiddenSize: hiddenSize)
        return projections.sharded + projections.perKVHead + projections.replicated
    }

    /// Products and sums per layer for a query and a key of all heads, 2 FLOP each.
    package var flopsPerPair: Double {
        switch self {
        case .groupedQuery(let attention):
            4 * Double(attention.headCount) * Double(attention.headSize)
        case .latent(let attention):
            2 * Double(attention.headCount)
                * Double(attention.queryKeyHeadSize + attention.valueHeadSize)
        }
    }

    /// FLOP per layer and position of a prefix that each chunk spends before it can attend: keys
    /// and values of all heads are made from the latent that is cached.
    package var flopsPerPrefixPosition: Double {
        guard case .latent(let attention) = self else { return 0 }
        return 2 * attention.expansionParameters
    }

    /// Numbers of one layer that are cached for a position on a device that has a share of so
    /// many in the heads. A latent serves all heads and is cached on every device.
    package func cachedNumbers(devices: Int) -> Double {
        switch self {
        case .groupedQuery(let attention):
            let heads = (attention.kvHeadCount + devices - 1) / devices
            return 2 * Double(heads) * Double(attention.headSize)
        case .latent(let attention):
            return Double(attention.latentSize + attention.rotaryHeadSize)
        }
    }

    /// One layer's weights by what becomes of them where several devices share a stage.
    struct Projections {
        /// Each device has a share of the heads.
        var sharded: Double
        /// Shared, but no further than there are heads for keys and values.
        var perKVHead: Double
        /// Every device has all of them.
        var replicated: Double
    }

    func projections(hiddenSize: Int) -> Projections {
        let hidden = Double(hiddenSize)
        switch self {
        case .groupedQuery(let attention):
            let size = Double(attention.headSize)
            return Projections(
                sharded: 2 * hidden * Double(attention.headCount) * size,
                perKVHead: 2 * hidden * Double(attention.kvHeadCount) * size, replicated: 0)
        case .latent(let attention):
            let heads = Double(attention.headCount)
            let queries = heads * Double(attention.queryKeyHeadSize)
            let output = heads * Double(attention.valueHeadSize) * hidden
            let latent = hidden * Double(attention.latentSize + attention.rotaryHeadSize)
            guard let rank = attention.queryRank.map(Double.init) else {
                return Projections(
                    sharded: hidden * queries + attention.expansionParameters + output,
                    perKVHead: 0, replicated: latent)
            }
            return Projections(
                sharded: rank * queries + attention.expansionParameters + output,
                perKVHead: 0, replicated: hidden * rank + latent)
        }
    }
}

/// Multi-head attention in which several query heads share one head of keys and values.
package struct GroupedQueryAttention: Hashable, Sendable {
    package var headCount: Int
    package var kvHeadCount: Int
    package var headSize: Int

    package init(headCount: Int, kvHeadCount: Int, headSize: Int) {
        self.headCount = headCount
        self.kvHeadCount = kvHeadCount
        self.headSize = headSize
    }
}

/// Multi-head latent attention (DeepSeek-V2), with keys and values expanded from the latent, as it
/// is computed in prefill.
package struct LatentAttention: Hashable, Sendable {
    package var headCount: Int
    /// Of the queries' low-rank projection; nil where queries are projected at once.
    package var queryRank: Int?
    /// Of keys and values (d_c).
    package var latentSize: Int
    /// Of a query and a key, without the rotary part (d_nope).
    package var plainHeadSize: Int
    /// Of the rotary part, which all heads' keys share (d_rope).
    package var rotaryHeadSize: Int
    package var valueHeadSize: Int

    package init(
        headCount: Int, queryRank: Int?, latentSize: Int, plainHeadSize: Int,
        rotaryHeadSize: Int, valueHeadSize: Int
    ) {
        self.headCount = headCount
        self.queryRank = queryRank
        self.latentSize = latentSize
        self.plainHeadSize = plainHeadSize
        self.rotaryHeadSize = rotaryHeadSize
        self.valueHeadSize = valueHeadSize
    }

    var queryKeyHeadSize: Int {
        plainHeadSize + rotaryHeadSize
    }

    /// Weights that make all heads' keys and values from a latent.
    var expansionParameters: Double {
        Double(latentSize) * Double(headCount) * Double(plainHeadSize + valueHeadSize)
    }
}
