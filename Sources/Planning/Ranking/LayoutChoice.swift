import PipelineTypes

/// Which pipelines are worth trying: those that use as many of the devices as they can.
struct LayoutChoice {
    private let request: PlanRequest

    init(_ request: PlanRequest) {
        self.request = request
    }

    /// How many devices may share a stage, ascending.
    var deviceCounts: [Int] {
        (1...max(1, request.deviceCount)).filter { problem(devices: $0) == nil }
    }

    func layouts() throws(PlanError) -> [PipelineLayout] {
        let layers = request.model.layerCount
        if let stages = request.stageCount, stages > layers {
            throw .moreStagesThanLayers(stages: stages, layers: layers)
        }
        if let devices = request.devicesPerStage, let problem = problem(devices: devices) {
            throw problem
        }
        let needed = (request.stageCount ?? 1) * (request.devicesPerStage ?? 1)
        guard needed <= request.deviceCount else {
            throw .moreDevicesThanAtHand(needed: needed, deviceCount: request.deviceCount)
        }
        let counts = request.devicesPerStage.map { [$0] } ?? deviceCounts
        let layouts = try layouts(counts, leavesDevicesIdle: false)
        // Where a layer takes less than a device, some have to be idle.
        return layouts.isEmpty ? try self.layouts(counts, leavesDevicesIdle: true) : layouts
    }

    private func layouts(
        _ deviceCounts: [Int], leavesDevicesIdle: Bool
    ) throws(PlanError) -> [PipelineLayout] {
        let layers = request.model.layerCount
        var layouts: [PipelineLayout] = []
        for devices in deviceCounts {
            var stages = request.stageCount ?? (request.deviceCount / devices)
            if leavesDevicesIdle { stages = min(stages, layers) }
            guard stages * devices <= request.deviceCount, stages <= layers else { continue }
            layouts.append(
                PipelineLayout(
                    devicesPerStage: devices, layerCounts: try layerCounts(stages: stages)))
        }
        return layouts
    }

    private func layerCounts(stages: Int) throws(PlanError) -> [Int] {
        let layers = request.model.layerCount
        do throws(LayerPartitionError) {
            guard let counts = request.layerCounts else {
                return try LayerPartition(layers: layers, stages: stages).layerCounts
            }
            return try LayerPartition(layerCounts: counts, layers: layers, stages: stages)
                .layerCounts
        } catch {
            throw .partition(error.description)
        }
    }

    private func problem(devices: Int) -> PlanError? {
        let hardware = request.hardware
        guard devices <= request.deviceCount else {
            return .moreDevicesThanAtHand(needed: devices, deviceCount: request.deviceCount)
        }
        let heads = request.model.attention.headCount
        guard hardware.sharing == .threads || heads.isMultiple(of: devices) else {
            return .headsDoNotDivide(heads: heads, devices: devices)
        }
        guard DeviceGroup(hardware, count: devices).fitsNodes else {
            return .stageAcrossNodes(devices: devices, devicesPerNode: hardware.devicesPerNode)
        }
        return nil
    }
}
