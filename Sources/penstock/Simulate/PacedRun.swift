import ChunkSizing
import CommandLineOptions
import Coordinator
import Foundation
import Logging
import PipelineTypes
import ScenarioFiles
import Simulation
import StageProtocol
import Timelines

/// Runs a scenario in real time: the server's coordinator, real processes and real messages, on
/// stages that take the scenario's times and compute nothing. Messages take what they take on this
/// machine.
struct PacedRun {
    private let file: ScenarioFile
    private let scenario: Scenario
    private let environment: [String: String]
    private let logger: Logger

    init(_ file: ScenarioFile, environment: [String: String], logger: Logger) {
        self.file = file
        scenario = file.scenario
        self.environment = environment
        self.logger = logger
    }

    func run() async throws -> RunFigures {
        let origin = self.origin
        let coordinator = try Coordinator(coordinatorOptions(origin: origin))
        try await coordinator.start()
        do {
            let figures = try await play(on: coordinator, origin: origin)
            await coordinator.shutDown()
            return figures
        } catch {
            await coordinator.shutDown()
            throw error
        }
    }

    // MARK: The pipeline

    /// More processes than this are more than a machine's memory and its scheduler can take.
    private static let stageCountMax = 64

    /// Refuses what real processes cannot be made to do.
    func check() throws(UsageError) {
        guard scenario.stages.count <= Self.stageCountMax else {
            throw UsageError(
                "--paced runs at most \(Self.stageCountMax) stages, the scenario has "
                    + "\(scenario.stages.count)")
        }
        guard scenario.links.allSatisfy({ $0.sends == .asynchronous }) else {
            throw UsageError("--paced cannot run a scenario with synchronous sends")
        }
        for case .linkStalls in scenario.faults {
            throw UsageError("--paced cannot run a scenario whose links stall")
        }
    }

    /// When the scenario begins, if its stages must know that before they start; nil is as soon as
    /// they are ready.
    private var origin: Instant? {
        let hasSlowdowns = scenario.faults.contains { fault in
            if case .stageSlows = fault { true } else { false }
        }
        guard hasSlowdowns else { return nil }
        let wait = Self.startSecondsMax * 1e9
        return Instant(nanoseconds: MonotonicClock.now().nanoseconds + Int64(wait))
    }

    private static let startSecondsMax = 5.0

    private func coordinatorOptions(origin: Instant?) -> CoordinatorOptions {
        let stages = scenario.stages.indices.map { stage in
            StageConfiguration(
                stage: stage, layerCounts: file.layerCounts, modelPath: "", dataType: "",
                kvCacheType: "", activationType: .float32, instructionSet: nil, threadCount: 1,
                processors: [], pageCount: scenario.limits.pageCount,
                contextLength: scenario.limits.contextLength,
                pacing: pacing(of: stage, origin: origin))
        }
        let launch = LaunchOptions(
            executable: PipelineRun.executablePath, arguments: ["stage"], environment: environment)
        var options = CoordinatorOptions(
            limits: scenario.limits, stages: stages, launch: launch, logger: logger)
        options.timeouts.microbatch = nil
        options.partitionsByCost = file.pacedPartitionsByCost
        options.costs = scenario.knownCosts
        options.timingsKept = Self.timingsKept
        options.timelineSource = .paced
        return options
    }

    private static let timingsKept = 1 << 20

    private func pacing(of stage: Int, origin: Instant?) -> StagePacing {
        var layerCost = scenario.stages[stage].totalCost
        layerCost.linear /= Double(file.layerCounts[stage])
        layerCost.attention /= Double(file.layerCounts[stage])
        layerCost.prefix /= Double(file.layerCounts[stage])
        let jitter: StagePacing.Jitter =
            switch scenario.stages[stage].jitter {
            case .none: .none
            case .uniform(let share): .uniform(share: share)
            case .logNormal(let deviation): .logNormal(deviation: deviation)
            }
        var pacing = StagePacing(
            layerCost: layerCost, hiddenSize: file.pacedHiddenSize, jitter: jitter,
            seed: scenario.seed, origin: origin)
        for case .stageSlows(stage, let factor, let from, let to) in scenario.faults {
            pacing.slowdowns.append(PacingSlowdown(factor: factor, begin: from, end: to))
        }
        return pacing
    }

    // MARK: The workload

    private func play(
        on coordinator: Coordinator, origin: Instant?
    ) async throws -> RunFigures {
        let warmUp = await warmUp(coordinator)
        if let origin {
            guard MonotonicClock.now() < origin else {
                throw PacedRunError(
                    "the stages were not ready within \(Self.startSecondsMax) s")
            }
            _ = await PacedClients.sleep(until: 0, since: origin)
        }
        let clients = PacedClients(
            scenario, coordinator, origin: origin ?? MonotonicClock.now())
        let killing = Task { await kill(stagesOf: coordinator, since: clients.origin) }
        await clients.play()
        killing.cancel()
        if case .failed(let reason) = coordinator.status.phase { throw PacedRunError(reason) }
        var timeline = coordinator.recentTimeline
        timeline.microbatches.removeAll { $0.id <= warmUp }
        var figures = clients.figures(timeline: timeline)
        figures.layerCounts = coordinator.status.layerCounts
        return figures
    }

    /// A few pages through all stages, as a server's first prompts: connections are made, and
    /// nothing is done for the first time when the scenario begins. Returns the last microbatch.
    private func warmUp(_ coordinator: Coordinator) async -> MicrobatchID {
        var sampling = SamplingParameters()
        sampling.maxNewTokens = 1
        let limits = scenario.limits
        let longest = min(limits.contextLength - 1, limits.tokenCapacity)
        let prompt = [TokenID](repeating: 0, count: min(4 * Page.size, max(1, longest)))
        for await _ in coordinator.submit(prompt: prompt, sampling: sampling).events {}
        coordinator.flushCache()
        return coordinator.recentTimeline.microbatches.last?.id ?? MicrobatchID(0)
    }

    /// Ends the processes of the stages that are to die, each at its time.
    private func kill(stagesOf coordinator: Coordinator, since origin: Instant) async {
        var deaths: [(stage: Int, seconds: Double)] = []
        for case .stageDies(let stage, let seconds, _) in scenario.faults {
            deaths.append((stage, seconds))
        }
        for death in deaths.sorted(by: { $0.seconds < $1.seconds }) {
            guard await PacedClients.sleep(until: death.seconds, since: origin) else { return }
            let processes = coordinator.status.stageProcesses
            guard coordinator.status.phase == .serving, death.stage < processes.count else {
                continue
            }
            Foundation.kill(processes[death.stage], SIGKILL)
        }
    }
}

/// Why a run in real processes came to nothing.
struct PacedRunError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
