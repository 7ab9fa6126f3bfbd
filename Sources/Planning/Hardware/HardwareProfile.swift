/// What a machine can do: nodes of equal devices, which are GPUs, or the cores of a CPU.
package struct HardwareProfile: Hashable, Sendable {
    package var name: String
    package var devicesPerNode: Int
    package var sharing: StageSharing
    /// Bytes of one device.
    package var memoryBytes: Double
    /// Bytes per second of one device.
    package var memoryBandwidth: Double
    /// FLOP per second of one device, without sparsity.
    package var speeds: PeakSpeeds
    package var efficiency: Efficiency
    /// Between two devices of a node, per device and direction.
    package var linkWithinNode: Link
    /// Between two nodes, per device and direction.
    package var linkBetweenNodes: Link
    /// Seconds that every stage loses per microbatch: scheduling, launches, hand-over.
    package var microbatchSeconds: Double
    /// The share of the memory that weights and KV cache may take.
    package var memoryShare: Double
    package var calibrations: [Calibration]

    package init(
        name: String, devicesPerNode: Int, sharing: StageSharing, memoryBytes: Double,
        memoryBandwidth: Double, speeds: PeakSpeeds, efficiency: Efficiency,
        linkWithinNode: Link, linkBetweenNodes: Link, microbatchSeconds: Double,
        memoryShare: Double, calibrations: [Calibration] = []
    ) {
        self.name = name
        self.devicesPerNode = devicesPerNode
        self.sharing = sharing
        self.memoryBytes = memoryBytes
        self.memoryBandwidth = memoryBandwidth
        self.speeds = speeds
        self.efficiency = efficiency
        self.linkWithinNode = linkWithinNode
        self.linkBetweenNodes = linkBetweenNodes
        self.microbatchSeconds = microbatchSeconds
        self.memoryShare = memoryShare
        self.calibrations = calibrations
    }
}

/// How several devices work on one stage.
package enum StageSharing: String, CaseIterable, Hashable, Sendable {
    /// Tensor parallelism: each has a part of every layer, and two all-reduces a layer put the
    /// parts together.
    case tensorParallel = "tensor-parallel"
    /// Threads of one process share out the work and read each other's memory.
    case threads
}

/// FLOP per second by type; where a type is not supported, what it is computed in instead.
package struct PeakSpeeds: Hashable, Sendable {
    package var float32: Double
    package var bfloat16: Double
    package var fp8: Double

    package init(float32: Double, bfloat16: Double, fp8: Double) {
        self.float32 = float32
        self.bfloat16 = bfloat16
        self.fp8 = fp8
    }

    package subscript(type: NumberType) -> Double {
        switch type {
        case .float32: float32
        case .bfloat16: bfloat16
        case .fp8: fp8
        }
    }
}

/// The shares of the peaks that are reached. From measurements of single kernels or stages, never
/// of pipelines.
package struct Efficiency: Hashable, Sendable {
    /// Matrix products with weights.
    package var linear: Double
    package var attention: Double
    package var memory: Double
    package var links: Double

    package init(linear: Double, attention: Double, memory: Double, links: Double) {
        self.linear = linear
        self.attention = attention
        self.memory = memory
        self.links = links
    }
}

package struct Link: Hashable, Sendable {
    /// Seconds.
    package var latency: Double
    /// Bytes per second.
    package var bandwidth: Double

    package init(latency: Double, bandwidth: Double) {
        self.latency = latency
        self.bandwidth = bandwidth
    }
}

/// A TTFT that was measured on one stage.
package struct Calibration: Hashable, Sendable {
    /// The name of the model's file.
    package var model: String
    /// That shared the stage.
    package var devices: Int
    package var promptLength: Int
    package var seconds: Double
    /// In which the prompt was computed.
    package var chunkSize: Int

    package init(
        model: String, devices: Int, promptLength: Int, seconds: Double,
        chunkSize: Int = Calibration.chunkSizeDefault
    ) {
        self.model = model
        self.devices = devices
        self.promptLength = promptLength
        self.seconds = seconds
        self.chunkSize = chunkSize
    }

    /// SGLang's on devices of 90 to 160 GB.
    package static let chunkSizeDefault = 8192
}
