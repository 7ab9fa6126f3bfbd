package import ChunkSizing
package import Logging
package import PipelineTypes
package import StageProtocol
package import Timelines

/// All that a coordinator is told when it starts.
package struct CoordinatorOptions: Sendable {
    package var limits: ServingLimits
    /// One for each stage, in pipeline order.
    package var stages: [StageConfiguration]
    /// Shares the layers out anew when stages start again, by what they have taken.
    package var partitionsByCost = false
    package var launch: LaunchOptions
    package var timeouts = Timeouts()
    package var restartPolicy = RestartPolicy()
    /// What the stages take, one for each, where that is known beforehand.
    package var costs: [PrefillCost]?
    /// Microbatches that `recentTimeline` holds.
    package var timingsKept = 1024
    /// Where the stages' times come from.
    package var timelineSource = Timeline.Source.measured
    package var logger: Logger
    /// Told, on the coordinator's thread, how far each stage has loaded; must not block.
    package var reportProgress: @Sendable (StageLoadReport) -> Void = { _ in }

    package init(
        limits: ServingLimits, stages: [StageConfiguration], launch: LaunchOptions, logger: Logger
    ) {
        precondition(stages.count == limits.stageCount && !stages.isEmpty)
        self.limits = limits
        self.stages = stages
        self.launch = launch
        self.logger = logger
    }
}

/// How the stages' processes are started.
package struct LaunchOptions: Sendable {
    /// The program that runs as a stage.
    package var executable: String
    package var arguments: [String]
    /// The environment of the stages, to which the launcher adds its own. `PATH` tells where to
    /// look for `mpirun`.
    package var environment: [String: String]
    /// Further arguments of `mpirun`; MCA settings among them replace the launcher's own.
    package var launcherArguments: [String] = []
    /// Where the stages run, in pipeline order: neighbours share a host, and the first hosts have
    /// one stage more if they do not come out even. The first is this host, by a name or an IPv4
    /// address at which the others reach it. Empty keeps all stages on this host, and their
    /// messages in its memory.
    ///
    /// How to begin a program on another host, and over which networks to talk, is Open MPI's to
    /// find out; its own variables in the environment, `OMPI_MCA_…`, tell it.
    package var hosts: [String] = []
    /// Where stages report; nil takes a socket in the private directory, or a port of the first
    /// host.
    package var controlAddress: ControlAddress?
    /// Where a private directory can be made for sockets and shared memory; the first that
    /// exists is taken.
    package var directories = ["/dev/shm", "/tmp"]

    package init(executable: String, arguments: [String], environment: [String: String]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }
}

/// How long the coordinator waits, in seconds.
package struct Timeouts: Hashable, Sendable {
    /// For all stages to report after their start.
    package var reporting = 60.0
    /// For the next sign of life of any stage that loads.
    package var loading = 300.0
    /// For the oldest microbatch in flight; then the pipeline counts as hung. nil waits for ever.
    package var microbatch: Double? = 300

    package init() {}
}

/// How much of its layers one stage has loaded.
package struct StageLoadReport: Hashable, Sendable, CustomStringConvertible {
    package var stage: Int
    package var layers: Range<Int>
    package var progress: LoadProgress

    package var description: String {
        let percent = Int(progress.fraction * 100)
        return "stage \(stage): layers \(layers.lowerBound)–\(layers.upperBound - 1), \(percent) %"
    }
}

/// Why the coordinator could not start, in one line for the operator.
package struct CoordinatorError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
