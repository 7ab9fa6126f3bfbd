/// What one layer asks of each of the devices that share its stage.
struct LayerWork: Hashable, Sendable {
    /// FLOP per token.
    var linear: Double
    /// FLOP per query and key.
    var attention: Double
    /// FLOP per position of a chunk's prefix.
    var expansion: Double
    /// Bytes of activations that pass through the memory per token.
    var activations: Double
    /// Bytes of the weights.
    var weights: Double
    /// Bytes of the KV cache per position.
    var cache: Double

    static let zero = LayerWork(
        linear: 0, attention: 0, expansion: 0, activations: 0, weights: 0, cache: 0)

    init(
        linear: Double, attention: Double, expansion: Double, activations: Double,
        weights: Double, cache: Double
    ) {
        self.linear = linear
        self.attention = attention
        self.expansion = expansion
        self.activations = activations
        self.weights = weights
        self.cache = cache
    }

    init(_ model: ModelShape, layer: Int, group: DeviceGroup) {
        let devices = Double(group.count)
        // Threads share out what tensor parallelism has to replicate.
        let shares = group.hardware.sharing == .tensorParallel ? group.count : 1
        let attention = model.attention
        let feedForward = model.feedForwards[layer]
        let parts = attention.projections(hiddenSize: model.hiddenSize)
        var projections = parts.sharded / Double(shares) + parts.replicated
        if case .groupedQuery(let shape) = attention {
            projections += parts.perKVHead / Double(min(shares, shape.kvHeadCount))
        }
        let router = feedForward.routerParameters(model.hiddenSize)
        let active = feedForward.activeParameters(model.hiddenSize) - router
        let all = feedForward.parameters(model.hiddenSize) - router
        let ownDevices = devices / Double(shares)
        linear = 2 * (projections + active / Double(shares) + router) / ownDevices
        self.attention = attention.flopsPerPair / devices
        expansion = attention.flopsPerPrefixPosition / devices
        activations =
            feedForward.activationPasses * Double(model.hiddenSize)
            * model.cacheType.byteCount / ownDevices
        weights =
            ((projections + all / Double(shares)) * model.linearType.byteCount
                + router * NumberType.bfloat16.byteCount) / ownDevices
        cache =
            attention.cachedNumbers(devices: shares) * model.cacheType.byteCount / ownDevices
    }

    static func + (left: LayerWork, right: LayerWork) -> LayerWork {
        LayerWork(
            linear: left.linear + right.linear, attention: left.attention + right.attention,
            expansion: left.expansion + right.expansion,
            activations: left.activations + right.activations,
            weights: left.weights + right.weights, cache: left.cache + right.cache)
    }
}

extension FeedForwardShape {
    /// How often a layer reads or writes a vector of the hidden size for a token, on every device:
    /// two norms with the residual 8, the inputs of the products 4, their outputs 2, the
    /// all-reduces 6; for each expert of a token its input, and its output written and read.
    fileprivate var activationPasses: Double {
        guard case .experts(let shape) = self else { return 20 }
        return 20 + 3 * Double(shape.countPerToken)
    }
}

extension ModelShape {
    /// Of what attention computes with and the KV cache holds.
    var cacheType: NumberType {
        linearType == .float32 ? .float32 : .bfloat16
    }

    /// Bytes of one token's activations on their way to the next stage: the residual stream in
    /// f32, which is as much as SGLang's hidden state and residual in bf16.
    var activationBytes: Double {
        4 * Double(hiddenSize)
    }
}
