import ChunkSizing
package import PipelineTypes

/// Cuts prompts of one length for one pipeline, as each policy would.
package struct PromptCutter: Sendable {
    package let timing: PipelineTiming
    let grid: ChunkGrid
    private let contextLength: Int

    /// - Parameter chunkTokensMax: bounds all chunks but the first one of `dynamic`.
    package init(
        timing: PipelineTiming, positions: Range<Int>, pageSize: Int, chunkTokensMax: Int,
        contextLength: Int
    ) {
        self.timing = timing
        grid = ChunkGrid(
            positions: positions, pageSize: pageSize, chunkTokensMax: chunkTokensMax)
        // A prompt that is planned for is within the context, and so are its first tokens.
        self.contextLength = max(contextLength, positions.upperBound + 1024)
    }

    package func cuts(_ policy: ChunkingPolicy) -> [Int] {
        switch policy {
        case .automatic:
            return automaticCuts(or: [bestFixed(), bestDynamic()])
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

    /// Seconds that no cuts can beat. Counts neither links nor the bound on what is under way.
    package var lowerBound: Double {
        timing.headSeconds + OptimalChunks.lowerBound(stages: timing.stages, of: grid)
    }

    /// The optimum without links and bounds, and better, as those allow.
    ///
    /// - Parameter others: The best settings of other policies, which may be what pages allow.
    func automaticCuts(or others: [ChunkingPolicy]) -> [Int] {
        let pipeline = LinkedPipeline(timing.pipeline)
        let known = [optimum(crowd: 1)] + others.map(cuts)
        guard known[0].count * timing.stages.count <= Self.searchedMax else {
            let seconds = known.map(timing.completion)
            return known[seconds.indices.min { seconds[$0] < seconds[$1] } ?? 0]
        }
        return OptimalChunks.schedule(in: pipeline, of: grid, or: known).cuts
    }

    /// Chunks, times stages, of which so many schedules can be tried within a second or two.
    private static let searchedMax = 20_000

    /// How `auto` cuts prompts that wait in a row, all of them at once: the best of several ways.
    ///
    /// Where n are still to be computed, the delay by a chunk's fixed cost counts (n + 1)/2 times.
    /// Those before have filled the pipeline; the bound on microbatches in flight empties it again
    /// now and then, so that cuts are made for a full one and for an empty one. Or all prompts are
    /// cut alike, so that no microbatch waits for a longer one, into few chunks or many.
    func automaticCuts(queued count: Int) -> [[Int]] {
        let alike = [1, 2, 4, 8, 16, 32, 64, 128].map { crowd in
            [[Int]](repeating: optimum(crowd: crowd), count: count)
        }
        let rows =
            [true, false].map { automaticCuts(queued: count, fillsPipeline: $0) } + alike
        let ends = rows.map { timing.completions(of: $0)[count - 1] }
        return rows[ends.indices.min { ends[$0] < ends[$1] } ?? 0]
    }

    /// Cuts are made anew for the second prompt, and whenever n has become half.
    private func automaticCuts(queued count: Int, fillsPipeline: Bool) -> [[Int]] {
        var prompts: [[Int]] = []
        var times = timing.pipeline.ready
        var changes = count
        for remaining in (1...count).reversed() {
            if remaining <= changes || fillsPipeline && prompts.count == 1 {
                let crowd = Double(remaining + 1) / 2
                prompts.append(optimum(crowd: crowd, after: fillsPipeline ? times : nil))
                changes = remaining / 2
            } else {
                prompts.append(prompts[prompts.count - 1])
            }
            let cuts = prompts[prompts.count - 1]
            for (start, end) in zip(cuts, cuts.dropFirst()) {
                timing.pipeline.advance(&times, start, end)
            }
        }
        return prompts
    }

    /// - Parameter times: Of the pipeline, when the chunks before have gone through it.
    private func optimum(crowd: Double, after times: [Double]? = nil) -> [Int] {
        let slowest = FlowShop(stages: timing.stages).bottleneck(grid.positions)
        let pipeline = FlowShop(
            stages: timing.stages, ready: times.map(timing.secondsUntilReady),
            chunkPenalty: (crowd - 1) * slowest.averaged(over: grid.positions).fixed)
        return OptimalChunks.schedule(
            in: pipeline, of: grid, effort: .quick(tolerance: 0.03)
        ).cuts
    }

    /// What SGLang fits to prompts without prefix on its first stage.
    private var curve: QuadraticCurve? {
        let cost = timing.stages[0]
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
