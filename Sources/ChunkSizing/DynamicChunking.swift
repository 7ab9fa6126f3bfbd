/// The policy `dynamic`: SGLang's rule with its settings, for users whose settings are known good.
///
/// A quadratic f(l) = a·l² + b·l + c is fitted to prompts without a prefix. After a prefix of L,
/// the next chunk x solves f(L + x) − f(L) = f(C) − f(0), C being the first chunk's size, and is
/// then drawn towards C by the smoothing factor.
package struct DynamicChunking: Hashable, Sendable {
    /// The first chunk's tokens (C).
    package var chunkSize: Int
    /// From 0, which keeps every chunk at C, to 1, which follows the solution.
    package var smoothingFactor: Double
    package var pageSize: Int
    package var contextLength: Int
    package var prefillTokensMax: Int
    /// nil where the fit was of no use: all chunks have the same size.
    package var curve: QuadraticCurve?

    package init(
        chunkSize: Int, smoothingFactor: Double, pageSize: Int, contextLength: Int,
        prefillTokensMax: Int, curve: QuadraticCurve?
    ) {
        self.chunkSize = chunkSize
        self.smoothingFactor = smoothingFactor
        self.pageSize = pageSize
        self.contextLength = contextLength
        self.prefillTokensMax = prefillTokensMax
        self.curve = curve
    }

    /// Tokens of the chunk after `start` positions, more of which than remain are to be ignored.
    package func chunkTokens(after start: Int) -> Int {
        start == 0 ? chunkSize : solution(after: start) ?? chunkSize
    }

    private func solution(after start: Int) -> Int? {
        guard let curve else { return nil }
        let size = Double(chunkSize)
        let target = curve.quadratic * size * size + curve.linear * size
        let slope = 2 * curve.quadratic * Double(start) + curve.linear
        let discriminant = slope * slope + 4 * curve.quadratic * target
        guard discriminant >= 0 else { return nil }
        let root = (-slope + discriminant.squareRoot()) / (2 * curve.quadratic)
        guard root > 0, root.isFinite else { return nil }
        let smoothed = Int(size + smoothingFactor * (root - size))
        let alignment = max(pageSize, 64)
        let aligned = max(alignment, max(smoothed, chunkSize / 4) / alignment * alignment)
        let limit = min(contextLength - start - 100, prefillTokensMax)
        guard limit >= alignment else { return nil }
        return min(aligned, limit) / alignment * alignment
    }

    /// The lengths of the prompts to be timed for the curve, without a prefix; the first one's
    /// time is not used.
    package static func profileLengths(chunkSize: Int) -> [Int] {
        let longest = chunkSize + chunkSize / 4
        let step = longest / sampleCountMax
        return (0..<sampleCountMax).map { longest - $0 * step }.filter { $0 > 0 }
    }

    private static let sampleCountMax = 128
}

/// f(l) = a·l² + b·l + c, in seconds or any other unit.
package struct QuadraticCurve: Hashable, Sendable {
    package var quadratic: Double
    package var linear: Double
    package var constant: Double

    package init(quadratic: Double, linear: Double, constant: Double) {
        self.quadratic = quadratic
        self.linear = linear
        self.constant = constant
    }

    /// Least squares of prompts without a prefix; nil for fewer than eight samples, or if the
    /// curve does not bend upwards.
    package init?(samples: [PrefillSample]) {
        guard samples.count >= 8, let scale = samples.map(\.tokens).max(), scale > 0
        else { return nil }
        var equations = NormalEquations(unknowns: 3)
        for sample in samples {
            let length = sample.tokens / scale
            equations.add([length * length, length, 1], equals: sample.seconds, weight: 1)
        }
        guard let solution = equations.solution(), solution[0] > 0 else { return nil }
        quadratic = solution[0] / (scale * scale)
        linear = max(0, solution[1] / scale)
        constant = solution[2]
    }
}
