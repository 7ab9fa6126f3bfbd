/// Which of the model's layers each stage holds: consecutive runs, in pipeline order.
package struct LayerPartition: Hashable, Sendable {
    /// Layers of each stage, every entry at least 1.
    package let layerCounts: [Int]

    /// The default: n / P layers each, the last n mod P stages one more.
    package init(layers: Int, stages: Int) throws(LayerPartitionError) {
        guard stages >= 1 else { throw .noStages }
        guard stages <= layers else { throw .moreStagesThanLayers(stages: stages, layers: layers) }
        let (quotient, remainder) = layers.quotientAndRemainder(dividingBy: stages)
        layerCounts = (0..<stages).map { $0 < stages - remainder ? quotient : quotient + 1 }
    }

    /// A partition that somebody wrote down, checked against the model and the pipeline size.
    package init(layerCounts: [Int], layers: Int, stages: Int) throws(LayerPartitionError) {
        guard layerCounts.count == stages else {
            throw .wrongLength(entries: layerCounts.count, stages: stages)
        }
        if let entry = layerCounts.first(where: { $0 < 1 }) { throw .emptyStage(entry: entry) }
        var sum = 0
        for count in layerCounts {
            let (partial, overflow) = sum.addingReportingOverflow(count)
            guard !overflow else { throw .wrongSum(sum: Int.max, layers: layers) }
            sum = partial
        }
        guard sum == layers else { throw .wrongSum(sum: sum, layers: layers) }
        self.layerCounts = layerCounts
    }

    package var stageCount: Int {
        layerCounts.count
    }

    /// The layers of one stage.
    package func layers(ofStage stage: Int) -> Range<Int> {
        let first = layerCounts[..<stage].reduce(0, +)
        return first..<first + layerCounts[stage]
    }
}

/// Why a layer partition does not fit.
package enum LayerPartitionError: Error, Hashable, Sendable, CustomStringConvertible {
    case noStages
    case moreStagesThanLayers(stages: Int, layers: Int)
    case wrongLength(entries: Int, stages: Int)
    case wrongSum(sum: Int, layers: Int)
    case emptyStage(entry: Int)

    package var description: String {
        switch self {
        case .noStages:
            "the pipeline needs at least one stage"
        case .moreStagesThanLayers(let stages, let layers):
            "\(stages) stages are more than the model's \(layers) layers"
        case .wrongLength(let entries, let stages):
            "the layer partition has \(entries) entries, the pipeline has \(stages) stages"
        case .wrongSum(let sum, let layers):
            "the layer partition adds up to \(sum), the model has \(layers) layers"
        case .emptyStage(let entry):
            "every stage needs at least one layer, the layer partition has an entry of \(entry)"
        }
    }
}
