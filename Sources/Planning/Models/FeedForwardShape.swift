/// One layer's gated feed-forward part.
package enum FeedForwardShape: Hashable, Sendable {
    case dense(size: Int)
    case experts(ExpertShape)

    /// Weights that are shared out among a stage's devices.
    func parameters(_ hiddenSize: Int) -> Double {
        switch self {
        case .dense(let size): Self.gated(hiddenSize, size)
        case .experts(let shape):
            Double(shape.count + shape.sharedCount) * Self.gated(hiddenSize, shape.size)
                + routerParameters(hiddenSize)
        }
    }

    /// Those of them that a token passes through.
    func activeParameters(_ hiddenSize: Int) -> Double {
        switch self {
        case .dense(let size): Self.gated(hiddenSize, size)
        case .experts(let shape):
            Double(shape.countPerToken + shape.sharedCount) * Self.gated(hiddenSize, shape.size)
                + routerParameters(hiddenSize)
        }
    }

    /// Weights that every device has.
    func routerParameters(_ hiddenSize: Int) -> Double {
        guard case .experts(let shape) = self else { return 0 }
        return Double(hiddenSize) * Double(shape.count)
    }

    private static func gated(_ hiddenSize: Int, _ size: Int) -> Double {
        3 * Double(hiddenSize) * Double(size)
    }
}

/// A mixture of experts of the same size.
package struct ExpertShape: Hashable, Sendable {
    package var count: Int
    package var countPerToken: Int
    /// Experts that every token passes through besides.
    package var sharedCount: Int
    package var size: Int

    package init(count: Int, countPerToken: Int, sharedCount: Int, size: Int) {
        self.count = count
        self.countPerToken = countPerToken
        self.sharedCount = sharedCount
        self.size = size
    }
}
