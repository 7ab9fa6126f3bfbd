import ChunkSizing

/// The devices that share one stage, and the links that they have.
package struct DeviceGroup: Hashable, Sendable {
    package let hardware: HardwareProfile
    package let count: Int

    package init(_ hardware: HardwareProfile, count: Int) {
        precondition(count > 0, "a stage needs a device")
        self.hardware = hardware
        self.count = count
    }

    /// Nodes are filled one after the other: groups lie within a node or, where they are no
    /// threads, take whole ones.
    package var fitsNodes: Bool {
        hardware.devicesPerNode.isMultiple(of: count)
            || (hardware.sharing == .tensorParallel
                && count.isMultiple(of: hardware.devicesPerNode))
    }

    /// Whether each device holds and computes parts of its own, which links put together.
    var exchanges: Bool {
        hardware.sharing == .tensorParallel && count > 1
    }

    private var nodeCount: Int {
        (count + hardware.devicesPerNode - 1) / hardware.devicesPerNode
    }

    /// Seconds per byte of a sum over all devices: a ring, in which every byte passes each link
    /// 2·(n − 1)/n times. Between nodes, each device of a node has a ring of its own.
    var allReduceSecondsPerByte: Double {
        guard exchanges else { return 0 }
        let share = hardware.efficiency.links
        var bandwidth = hardware.linkWithinNode.bandwidth * share
        if nodeCount > 1 {
            let devices = Double(hardware.devicesPerNode)
            bandwidth = min(bandwidth, hardware.linkBetweenNodes.bandwidth * devices * share)
        }
        return 2 * Double(count - 1) / Double(count) / bandwidth
    }

    /// Seconds of a sum over all devices, however small: 2·(n − 1) hops.
    var allReduceLatency: Double {
        guard exchanges else { return 0 }
        let between = nodeCount > 1 ? nodeCount : 0
        let within = count - 1 - between
        return 2
            * (Double(max(0, within)) * hardware.linkWithinNode.latency
                + Double(between) * hardware.linkBetweenNodes.latency)
    }

    /// The way of activations from the stage at this place of the pipeline to the next: each device
    /// sends its share to its counterpart, and the receivers gather.
    func link(afterStage stage: Int, bytesPerToken: Double) -> LinkCost {
        let node = hardware.devicesPerNode
        let staysInNode = (stage * count) / node == ((stage + 1) * count) / node
        let link = staysInNode ? hardware.linkWithinNode : hardware.linkBetweenNodes
        let share = hardware.efficiency.links
        guard exchanges else {
            return LinkCost(
                latency: link.latency, secondsPerToken: bytesPerToken / (link.bandwidth * share))
        }
        let devices = Double(count)
        let sent = bytesPerToken / devices / (link.bandwidth * share)
        let gathered =
            bytesPerToken * (devices - 1) / devices / (hardware.linkWithinNode.bandwidth * share)
        return LinkCost(
            latency: link.latency + hardware.linkWithinNode.latency * (devices - 1),
            secondsPerToken: sent + gathered)
    }
}
