package import ChunkSizing
package import PipelineTypes

/// What is to be simulated: a pipeline, what is asked of it, and what goes wrong. The same scenario
/// gives the same run, bit for bit.
package struct Scenario: Hashable, Sendable {
    package var stages: [SimulatedStage]
    /// One fewer than stages: `links[i]` leads from stage i to stage i + 1.
    package var links: [SimulatedLink]
    /// Seconds that a message takes between the coordinator and a stage, either way.
    package var controlLatency = 0.0
    package var limits: ServingLimits
    /// The model's layers, at least one for each stage; nil where nobody has said.
    package var layerCount: Int?
    /// The scheduler is told the stages' costs, as by the profiling at the server's start.
    /// Otherwise it finds them out by itself.
    package var isProfiled = true
    package var workload: [RequestSource]
    package var faults: [Fault] = []
    package var seed: UInt64 = 0

    /// `links` may be left out where moving activations takes no time.
    package init(
        stages: [SimulatedStage], links: [SimulatedLink]? = nil, limits: ServingLimits,
        workload: [RequestSource]
    ) {
        self.stages = stages
        self.links = links ?? Array(repeating: SimulatedLink(), count: max(0, stages.count - 1))
        self.limits = limits
        self.workload = workload
    }

    /// What the scheduler is told of the links.
    package var knownLinks: [LinkCost]? {
        isProfiled
            ? links.map { LinkCost(latency: $0.latency, secondsPerToken: $0.seconds(tokens: 1)) }
            : nil
    }

    /// What the scheduler is told of the stages' costs.
    package var knownCosts: [PrefillCost]? {
        isProfiled ? stages.map(\.totalCost) : nil
    }
}

/// One stage: how long it computes.
package struct SimulatedStage: Hashable, Sendable {
    /// Of the stage's layers, without what a tensor-parallel group adds.
    package var cost: PrefillCost
    package var jitter: Jitter
    /// The processes that share the stage's layers; nil for one process.
    package var group: TensorParallelGroup?

    package init(
        cost: PrefillCost, jitter: Jitter = .none, group: TensorParallelGroup? = nil
    ) {
        self.cost = cost
        self.jitter = jitter
        self.group = group
    }

    /// What a microbatch takes, all-reduces among it, without jitter.
    package var totalCost: PrefillCost {
        group.map { cost + $0.cost } ?? cost
    }
}

/// How much a stage's times differ from its cost. Drawn anew for every microbatch.
package enum Jitter: Hashable, Sendable {
    case none
    /// A factor between 1 − `share` and 1 + `share`; the share is below 1.
    case uniform(share: Double)
    /// A factor whose logarithm is normally distributed with this deviation; its median is 1.
    case logNormal(deviation: Double)
}

/// Processes that compute each layer together and add up their parts.
package struct TensorParallelGroup: Hashable, Sendable {
    package var size: Int
    /// Of one microbatch on this stage: two for each layer, as a rule.
    package var allReduceCount: Int
    /// Seconds of an all-reduce of nothing.
    package var latency: Double
    /// What each process can send; nil is unlimited.
    package var bytesPerSecond: Double?
    /// What each token adds to an all-reduce: hidden size × bytes of an element.
    package var bytesPerToken: Double

    package init(
        size: Int, allReduceCount: Int, latency: Double, bytesPerSecond: Double?,
        bytesPerToken: Double
    ) {
        self.size = size
        self.allReduceCount = allReduceCount
        self.latency = latency
        self.bytesPerSecond = bytesPerSecond
        self.bytesPerToken = bytesPerToken
    }

    /// What the all-reduces add to a microbatch's time. In a ring of n processes each sends
    /// 2·(n − 1)/n of the bytes.
    package var cost: PrefillCost {
        guard size > 1 else { return .zero }
        let count = Double(allReduceCount)
        let sentShare = 2 * Double(size - 1) / Double(size)
        let perToken = bytesPerSecond.map { sentShare * bytesPerToken / $0 } ?? 0
        return PrefillCost(fixed: count * latency, linear: count * perToken, attention: 0)
    }
}

/// The way from one stage to the next. It moves one message at a time; latency is no work of the
/// link, so the next message follows at once.
package struct SimulatedLink: Hashable, Sendable {
    package enum Sends: String, CaseIterable, Hashable, Sendable {
        /// The sender computes on, with at most `unfinishedSendsMax` sends unfinished.
        case asynchronous
        /// The sender is held until its message has arrived.
        case synchronous
    }

    /// Seconds.
    package var latency: Double
    /// nil is unlimited.
    package var bytesPerSecond: Double?
    /// Activations of one token: hidden size × bytes of an element.
    package var bytesPerToken: Double
    package var sends: Sends
    /// Messages that the receiver takes in before it can compute them. With 0, a message begins to
    /// move when the receiver has nothing to do.
    package var receivesAheadMax = 4

    /// As many as the transport of real stages has.
    package static let unfinishedSendsMax = 4

    /// A link without arguments takes no time.
    package init(
        latency: Double = 0, bytesPerSecond: Double? = nil, bytesPerToken: Double = 0,
        sends: Sends = .asynchronous
    ) {
        self.latency = latency
        self.bytesPerSecond = bytesPerSecond
        self.bytesPerToken = bytesPerToken
        self.sends = sends
    }

    /// How long a message of so many tokens keeps the link busy.
    package func seconds(tokens: Double) -> Double {
        bytesPerSecond.map { tokens * bytesPerToken / $0 } ?? 0
    }
}
