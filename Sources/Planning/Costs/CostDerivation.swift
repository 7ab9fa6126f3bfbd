package import ChunkSizing

/// Derives what stages cost from FLOP and bytes.
///
/// Linear layers take 2 FLOP per weight and token at the peak of the weights' type, attention a
/// number of FLOP per query and key at the peak of bf16. A chunk of C tokens after H others has
/// C·(2H + C)/2 pairs of a query and a key. Norms and the like pass through the memory. Two
/// all-reduces a layer add up what tensor-parallel devices computed. A chunk reads all weights of
/// its stage once, which is counted in full, as if nothing else hid it.
package struct CostDerivation: Hashable, Sendable {
    package let model: ModelShape
    package let group: DeviceGroup
    /// By how much all computation is slower than the profile says, from a calibration.
    package let scale: Double

    package init(model: ModelShape, group: DeviceGroup, scale: Double = 1) {
        self.model = model
        self.group = group
        self.scale = scale
    }

    package func cost(layers: Range<Int>) -> PrefillCost {
        let cost = parts(layers)
        return cost.compute.scaled(by: scale) + cost.rest
    }

    /// The costs of a pipeline's stages.
    package func costs(layerCounts: [Int]) -> [PrefillCost] {
        var first = 0
        return layerCounts.map { count in
            defer { first += count }
            return cost(layers: first..<first + count)
        }
    }

    /// For a prompt's first token: the head's weights are read for its last position alone.
    package var headSeconds: Double {
        let speed = group.hardware.memoryBandwidth * group.hardware.efficiency.memory
        return model.embeddingParameters * model.cacheType.byteCount / Double(group.count) / speed
    }

    package func links(stageCount: Int) -> [LinkCost] {
        (0..<max(0, stageCount - 1)).map {
            group.link(afterStage: $0, bytesPerToken: model.activationBytes)
        }
    }

    /// Bytes that each device needs, for weights and for the KV cache.
    package func memory(layers: Range<Int>) -> StageMemory {
        let work = work(layers)
        let isFirst = layers.lowerBound == 0
        let isLast = layers.upperBound == model.layerCount
        var tables = (isFirst ? 1.0 : 0) + (isLast ? 1 : 0)
        if isFirst, isLast, model.tiesEmbeddings { tables = 1 }
        let bytes = model.embeddingParameters * model.cacheType.byteCount
        return StageMemory(
            weights: work.weights + tables * bytes / Double(group.count),
            cachePerPosition: work.cache)
    }

    func work(_ layers: Range<Int>) -> LayerWork {
        layers.reduce(.zero) { $0 + LayerWork(model, layer: $1, group: group) }
    }

    /// What a calibration scales, and what it does not: links, memory and the microbatch's own.
    private func parts(_ layers: Range<Int>) -> (compute: PrefillCost, rest: PrefillCost) {
        let work = work(layers)
        let hardware = group.hardware
        let linearSpeed = hardware.speeds[model.linearType] * hardware.efficiency.linear
        let attentionSpeed = hardware.speeds[model.cacheType] * hardware.efficiency.attention
        let memorySpeed = hardware.memoryBandwidth * hardware.efficiency.memory
        let reductions = 2 * Double(layers.count)
        let reducedBytes = Double(model.hiddenSize) * model.cacheType.byteCount
        let compute = PrefillCost(
            fixed: 0, linear: work.linear / linearSpeed + work.activations / memorySpeed,
            // Half a pair each.
            attention: work.attention / 2 / attentionSpeed,
            prefix: work.expansion / linearSpeed)
        let rest = PrefillCost(
            fixed: hardware.microbatchSeconds
                + work.weights / memorySpeed + reductions * group.allReduceLatency,
            linear: reductions * reducedBytes * group.allReduceSecondsPerByte, attention: 0)
        return (compute, rest)
    }
}

extension CostDerivation {
    /// The derivation that agrees with one measured TTFT of one stage: one factor on all that is
    /// computed.
    package init(
        model: ModelShape, hardware: HardwareProfile, calibration: Calibration
    ) throws(CalibrationError) {
        let group = DeviceGroup(hardware, count: calibration.devices)
        let plain = CostDerivation(model: model, group: group)
        let layers = 0..<model.layerCount
        let (compute, rest) = plain.parts(layers)
        let computed = calibration.seconds(compute)
        let other = calibration.seconds(rest)
        let scale = (calibration.seconds - other) / computed
        guard scale > 0.05, scale < 20 else {
            throw CalibrationError(
                measured: calibration.seconds, derived: computed + other)
        }
        self.init(model: model, group: group, scale: scale)
    }

    /// The same machine and model, with so many devices a stage.
    package func with(devices: Int) -> CostDerivation {
        CostDerivation(
            model: model, group: DeviceGroup(group.hardware, count: devices), scale: scale)
    }
}

extension Calibration {
    /// What a cost says of the measurement.
    fileprivate func seconds(_ cost: PrefillCost) -> Double {
        stride(from: 0, to: promptLength, by: chunkSize).reduce(0) { sum, start in
            sum + cost.seconds(tokens: min(chunkSize, promptLength - start), after: start)
        }
    }
}

/// A measurement that is out of all proportion to what the profile says.
package struct CalibrationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Seconds.
    package let measured: Double
    package let derived: Double

    package var description: String {
        "the measured \(measured) s are out of proportion to the \(rounded) s that the profile says"
    }

    private var rounded: Double {
        derived < 1e12 ? (derived * 1000).rounded() / 1000 : derived
    }
}

/// Bytes that a stage needs on each of its devices.
package struct StageMemory: Hashable, Sendable {
    package var weights: Double
    package var cachePerPosition: Double

    package init(weights: Double, cachePerPosition: Double) {
        self.weights = weights
        self.cachePerPosition = cachePerPosition
    }

    package func bytes(positions: Int) -> Double {
        weights + cachePerPosition * Double(positions)
    }
}
