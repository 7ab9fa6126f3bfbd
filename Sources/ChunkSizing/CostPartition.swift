/// Shares layers out among stages so that the slowest stage takes as little as can be.
package struct CostPartition: Hashable, Sendable {
    /// What a stage takes, layer by layer.
    package struct Stage: Hashable, Sendable {
        /// Seconds for one layer.
        package var layerSeconds: Double
        /// Seconds beside its layers: embeddings, the output head.
        package var extraSeconds: Double
        /// Layers that its memory has room for.
        package var layersMax: Int

        package init(layerSeconds: Double, extraSeconds: Double = 0, layersMax: Int = .max) {
            precondition(layerSeconds > 0 && extraSeconds >= 0 && layersMax >= 0)
            self.layerSeconds = layerSeconds
            self.extraSeconds = extraSeconds
            self.layersMax = layersMax
        }

        func seconds(_ layers: Int) -> Double {
            extraSeconds + Double(layers) * layerSeconds
        }
    }

    /// Layers of each stage, at least one each.
    package let layerCounts: [Int]
    /// What the slowest stage takes.
    package let seconds: Double

    /// nil if there is no room for the layers, or fewer layers than stages. Of partitions that are
    /// equally fast, earlier stages have fewer layers, as in the plain rule.
    package init?(layers: Int, stages: [Stage]) {
        guard !stages.isEmpty, layers >= stages.count, stages.allSatisfy({ $0.layersMax > 0 })
        else { return nil }
        // One layer each, and every further one to where it hurts least: that is optimal, because
        // what a stage takes grows with its layers and depends on nothing else.
        var counts = [Int](repeating: 1, count: stages.count)
        for _ in 0..<layers - stages.count {
            var best: Int?
            for stage in stages.indices.reversed() where counts[stage] < stages[stage].layersMax {
                let seconds = stages[stage].seconds(counts[stage] + 1)
                if let other = best,
                    seconds >= stages[other].seconds(counts[other] + 1) * (1 - 1e-9)
                {
                    continue
                }
                best = stage
            }
            guard let best else { return nil }
            counts[best] += 1
        }
        layerCounts = counts
        seconds = zip(stages, counts).reduce(0) { max($0, $1.0.seconds($1.1)) }
    }

    /// Another partition than the one that was measured, if it makes the slowest stage faster by
    /// more than costs are known to.
    ///
    /// - Parameters:
    ///   - measured: What each stage takes with its layers.
    ///   - layerCounts: Those layers.
    ///   - error: The share by which that may be wrong.
    ///   - positions: A prompt to compare with.
    package static func improvement(
        on measured: [PrefillCost], error: Double, layerCounts: [Int], positions: Range<Int>
    ) -> [Int]? {
        precondition(measured.count == layerCounts.count, "one cost for each stage")
        let seconds = measured.map { $0.seconds(positions) }
        guard let slowest = seconds.max(), seconds.allSatisfy({ $0 > 0 }) else { return nil }
        let stages = zip(seconds, layerCounts).map { Stage(layerSeconds: $0 / Double($1)) }
        guard let better = CostPartition(layers: layerCounts.reduce(0, +), stages: stages),
            better.seconds < slowest * (1 - max(gainMin, 2 * error))
        else { return nil }
        return better.layerCounts
    }

    /// Stages are not started anew for less.
    private static let gainMin = 0.05
}
