package import PipelineTypes

/// Ranks pipelines and chunk policies by what the cost model predicts.
package struct Planner: Sendable {
    package let request: PlanRequest
    /// Costs for one device a stage, calibrated if the request says with what.
    package let derivation: CostDerivation
    package let layouts: [PipelineLayout]

    package init(_ request: PlanRequest) throws(PlanError) {
        self.request = request
        let plain = CostDerivation(
            model: request.model, group: DeviceGroup(request.hardware, count: 1))
        if let calibration = request.calibration {
            do throws(CalibrationError) {
                derivation = try CostDerivation(
                    model: request.model, hardware: request.hardware, calibration: calibration)
            } catch {
                throw .calibration(error)
            }
        } else {
            derivation = plain
        }
        layouts = try LayoutChoice(request).layouts()
    }

    /// All plans for prompts of a length, the lowest TTFT first; those that do not fit into
    /// the memory come last.
    package func plans(promptLength: Int) -> [Plan] {
        let baseline = baseline(promptLength: promptLength)
        return layouts.flatMap { plans($0, promptLength: promptLength, baseline) }
            .sorted { left, right in
                left.memory.fits == right.memory.fits
                    ? left.ttft < right.ttft : left.memory.fits
            }
    }

    /// One stage with the devices of the calibration, or else the fewest whose memory suffices, as
    /// far as that can be had.
    package func baseline(promptLength: Int) -> Baseline {
        let counts = LayoutChoice(request).deviceCounts
        let devices =
            request.calibration?.devices
            ?? counts.first { memory(single($0), promptLength: promptLength).fits }
            ?? counts.last ?? 1
        let chunkSize = min(
            request.calibration?.chunkSize ?? Calibration.chunkSizeDefault,
            request.chunkTokensMax)
        let cutter = cutter(single(devices), promptLength: promptLength)
        return Baseline(
            devices: devices, chunkSize: chunkSize,
            seconds: cutter.seconds(.fixed(tokens: chunkSize)))
    }

    /// What a layout does with one policy.
    package func plan(
        _ layout: PipelineLayout, _ policy: ChunkingPolicy, promptLength: Int
    ) -> Plan {
        plan(
            layout, policy, in: cutter(layout, promptLength: promptLength),
            baseline(promptLength: promptLength))
    }

    package func cutter(_ layout: PipelineLayout, promptLength: Int) -> PromptCutter {
        cutter(layout, positions: 0..<promptLength)
    }

    /// - Parameter positions: Those of a prompt that are not cached.
    package func cutter(_ layout: PipelineLayout, positions: Range<Int>) -> PromptCutter {
        let derivation = derivation.with(devices: layout.devicesPerStage)
        let timing = PipelineTiming(
            stages: derivation.costs(layerCounts: layout.layerCounts),
            links: derivation.links(stageCount: layout.stageCount),
            inFlightMax: layout.stageCount + request.asyncBatchDepth,
            headSeconds: derivation.headSeconds)
        return PromptCutter(
            timing: timing, positions: positions, pageSize: request.pageSize,
            chunkTokensMax: request.chunkTokensMax, contextLength: request.model.contextLength)
    }

    private func single(_ devices: Int) -> PipelineLayout {
        PipelineLayout(devicesPerStage: devices, layerCounts: [request.model.layerCount])
    }

    private func plans(
        _ layout: PipelineLayout, promptLength: Int, _ baseline: Baseline
    ) -> [Plan] {
        let cutter = cutter(layout, promptLength: promptLength)
        var policies = [cutter.bestFixed()]
        // For a single stage, the longest chunks are the best, whatever cuts them.
        if layout.stageCount > 1 { policies.append(cutter.bestDynamic()) }
        let automatic = plan(
            layout, .automatic, cuts: cutter.automaticCuts(or: policies), in: cutter, baseline)
        let others = policies + request.policies.filter { !policies.contains($0) }
        return [automatic] + others.map { plan(layout, $0, in: cutter, baseline) }
    }

    private func plan(
        _ layout: PipelineLayout, _ policy: ChunkingPolicy, in cutter: PromptCutter,
        _ baseline: Baseline
    ) -> Plan {
        plan(layout, policy, cuts: cutter.cuts(policy), in: cutter, baseline)
    }

    /// - Parameter cuts: Of a prompt that has the pipeline to itself.
    private func plan(
        _ layout: PipelineLayout, _ policy: ChunkingPolicy, cuts: [Int], in cutter: PromptCutter,
        _ baseline: Baseline
    ) -> Plan {
        let promptLength = cuts[cuts.count - 1]
        let count = request.backToBackCount
        let prompts =
            policy == .automatic
            ? cutter.automaticCuts(queued: count) : [[Int]](repeating: cuts, count: count)
        let ttft = cutter.timing.completion(of: cuts)
        let completions = cutter.timing.completions(of: prompts)
        let throughputSpeedup = baseline.seconds * Double(count) / completions[count - 1]
        let devices = Double(layout.deviceCount) / Double(baseline.devices)
        return Plan(
            layout: layout, policy: policy, promptLength: promptLength,
            chunkCount: cuts.count - 1, ttft: ttft,
            throughput: Double(count) * Double(promptLength) / completions[count - 1],
            ttftSpeedup: baseline.seconds / ttft,
            throughputSpeedup: throughputSpeedup, efficiency: throughputSpeedup / devices,
            memory: memory(layout, promptLength: promptLength))
    }

    package func memory(_ layout: PipelineLayout, promptLength: Int) -> LayoutMemory {
        let derivation = derivation.with(devices: layout.devicesPerStage)
        let allowed = request.hardware.memoryBytes * request.hardware.memoryShare
        var memory = LayoutMemory(
            bytesByStage: [], bytesAllowed: allowed, positionsMax: .infinity)
        var first = 0
        for count in layout.layerCounts {
            let stage = derivation.memory(layers: first..<first + count)
            memory.bytesByStage.append(stage.bytes(positions: promptLength))
            memory.positionsMax = min(
                memory.positionsMax, max(0, allowed - stage.weights) / stage.cachePerPosition)
            first += count
        }
        return memory
    }
}
