import ChunkSizing
package import PipelineTypes

/// Cuts prompts of one length for one pipeline, as each policy would.
package struct PromptCutter: Sendable {
    package let timing: PipelineTiming
    let grid: ChunkGrid
    private let contextLength: Int

    /// - Parameter chunkTokensMax: bounds all chunks but the first one of `dynamic`.
    package init(
        timing: PipelineTiming, promptLength: Int, pageSize: Int, chunkTokensMax: Int,
        contextLength: Int
    ) {
        self.timing = timing
        grid = ChunkGrid(
            positions: 0..<promptLength, pageSize: pageSize, chunkTokensMax: chunkTokensMax)
        // A prompt that is planned for is within the context, and so are its first tokens.
        self.contextLength = max(contextLength, promptLength + 1024)
    }

    package func cuts(_ policy: ChunkingPolicy) -> [Int] {
        switch policy {
        case .automatic:
            return automaticCuts
        case .whole:
            return grid.cuts { _ in .max }
        case .fixed(let tokens):
            return grid.cuts { _ in tokens }
        case .dynamic(let tokens, let smoothingFactor):
            let rule = DynamicChunking(
                chunkSize: tokens, smoothingFactor: smoothingFactor, pageSize: grid.pageSize,
                contextLength: contextLength, prefillTokensMax: grid.chunkTokensMax,
                curve: curve)
            // The first chunk has the size it was given, whatever bounds the others.
            var unbounded = grid
            unbounded.chunkTokensMax = max(tokens, grid.chunkTokensMax)
            return unbounded.cuts(rule.chunkTokens)
        }
    }

    package func seconds(_ policy: ChunkingPolicy) -> Double {
        timing.completion(of: cuts(policy))
    }

    /// The optimum of three-term costs without links and bounds, or better, as those allow.
    private var automaticCuts: [Int] {
        let stages = timing.stages.map { $0.averaged(promptLength: grid.positions.count) }
        let optimum = OptimalChunks.schedule(in: FlowShop(stages: stages), of: grid).cuts
        guard stages.count > 1 else { return optimum }
        return EqualTimeSearch(timing: timing, grid: grid).best(or: optimum)
    }

    /// What SGLang fits to prompts without prefix on its first stage.
    private var curve: QuadraticCurve? {
        let cost = timing.stages[0].chunk
        guard cost.attention > 0 else { return nil }
        return QuadraticCurve(
            quadratic: cost.attention, linear: cost.linear, constant: cost.fixed)
    }
}

extension PromptCutter {
    /// The fixed size with the lowest TTFT.
    package func bestFixed() -> ChunkingPolicy {
        best(sizes(growth: 1.06).map { .fixed(tokens: $0) })
    }

    /// The first size and the factor of `dynamic` with the lowest TTFT.
    package func bestDynamic() -> ChunkingPolicy {
        let factors = (0...20).map { Double($0) / 20 }
        let coarse = best(
            sizes(growth: 1.2).flatMap { size in
                factors.map { .dynamic(tokens: size, smoothingFactor: $0) }
            })
        guard case .dynamic(let tokens, let factor) = coarse else { return coarse }
        let near = sizes(growth: 1.03).filter {
            Double($0) > Double(tokens) / 1.2 && Double($0) < Double(tokens) * 1.2
        }
        return best(
            [coarse]
                + near.flatMap { size in
                    factors.filter { abs($0 - factor) < 0.11 }.map {
                        .dynamic(tokens: size, smoothingFactor: $0)
                    }
                })
    }

    private func best(_ policies: [ChunkingPolicy]) -> ChunkingPolicy {
        var best = policies[0]
        var shortest = Double.infinity
        for policy in policies {
            let seconds = seconds(policy)
            if seconds < shortest * (1 - 1e-9) {
                shortest = seconds
                best = policy
            }
        }
        return best
    }

    /// Multiples of the page, each larger than the last by a factor; the smallest cut the
    /// prompt into two thousand chunks.
    private func sizes(growth: Double) -> [Int] {
        let largest = min(grid.chunkTokensMax, grid.positions.count)
        var sizes: [Int] = []
        var size = Double(max(grid.pageSize, grid.positions.count / 2000))
        while size < Double(largest) {
            let rounded = Int(size) / grid.pageSize * grid.pageSize
            if rounded != sizes.last { sizes.append(rounded) }
            size = max(size * growth, size + Double(grid.pageSize))
        }
        return sizes + [max(grid.pageSize, largest / grid.pageSize * grid.pageSize)]
    }
}
