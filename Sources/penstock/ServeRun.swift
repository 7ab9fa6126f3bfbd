import CommandLineOptions
import Coordinator
import DecoderModels
import Foundation
import HTTPServer
import Logging
import PipelineTypes
import StageProtocol

/// `penstock serve`: the pipeline and its HTTP server, until a signal ends them.
struct ServeRun {
    private let options: ServeOptions
    private let environment: [String: String]
    private let logger: Logger

    init(_ options: ServeOptions, environment: [String: String]) {
        self.options = options
        self.environment = environment
        logger = Logger.console(
            level: Logger.Level(rawValue: options.logging.level.rawValue) ?? .info)
    }

    func run() async throws {
        try OutputFiles(
            inputs: ["the model": options.model.path, "the configuration": options.configPath],
            outputs: ["--trace": options.logging.tracePath]
        ).check()
        let interruption = Interruption()
        try await PenstockHTTPServer.checkAddress(serverOptions)
        let trace = try options.logging.tracePath.map { try ServerTrace($0, logger: logger) }
        let plan = try ServingPlan(
            PipelineRequest(
                modelPath: options.model.path, pipeline: options.pipeline,
                scheduling: options.scheduling, memory: options.memory, compute: options.compute,
                contextLength: options.model.contextLength,
                mayExceedContext: options.model.mayExceedContext))
        var model = try ModelFiles(checkpoint: plan.checkpoint).servedModel(
            options.model, model: plan.model, contextLength: plan.limits.contextLength)
        model.truncatesToFit = options.server.allowsAutoTruncate
        describe(plan)

        let starting = Task {
            try await PipelineRun.start(
                plan, environment: environment, logger: logger,
                microbatchTimeout: options.server.watchdogTimeoutSeconds)
        }
        let watching = Task {
            // Nothing is lost by an end during the start: stages die with their coordinator.
            await interruption.wait()
            if !Task.isCancelled { exit(130) }
        }
        defer { watching.cancel() }
        let coordinator = try await starting.value
        watching.cancel()
        describe(coordinator.status.stageMemory, plan)
        let profiler = Profiler(
            coordinator, defaultDirectory: options.logging.profileDirectory, logger: logger)
        do {
            if !options.server.skipWarmup {
                await profile(coordinator, plan, until: interruption)
            }
            trace?.begin(coordinator)
            try await serve(model, plan, coordinator, profiler, until: interruption)
            // Whoever started this process is told, so that they can start another.
            if case .failed(let reason) = coordinator.status.phase {
                throw CoordinatorError(reason)
            }
        } catch {
            await coordinator.shutDown()
            _ = try? await profiler.stop()
            try? await trace?.write(coordinator)
            throw error
        }
        await coordinator.shutDown()
        _ = try? await profiler.stop()
        try await trace?.write(coordinator)
        logger.info("stopped")
    }

    private func profile(
        _ coordinator: Coordinator, _ plan: ServingPlan, until interruption: Interruption
    ) async {
        let profiling = Task { await StartupProfile(coordinator, plan, logger: logger).run() }
        let watching = Task {
            await interruption.wait()
            profiling.cancel()
        }
        await profiling.value
        watching.cancel()
    }

    private func serve(
        _ model: ServedModel, _ plan: ServingPlan, _ coordinator: Coordinator,
        _ profiler: Profiler, until interruption: Interruption
    ) async throws {
        let name = model.name
        let host = options.server.host
        try await PenstockHTTPServer(
            engine: CoordinatorEngine(
                coordinator: coordinator, profiler: profiler,
                tokenCapacity: plan.limits.tokenCapacity),
            model: model, options: serverOptions, logger: logger
        ).run(
            onListening: { port in
                // Nobody need be listening.
                try? Console.print("Penstock serves \(name) at http://\(host):\(port)")
            },
            untilShutdown: {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await interruption.wait() }
                    group.addTask { _ = await coordinator.failure() }
                    await group.next()
                    group.cancelAll()
                }
            })
    }

    private var serverOptions: HTTPServerOptions {
        var server = HTTPServerOptions()
        server.host = options.server.host
        server.port = options.server.port
        server.apiKey = options.server.apiKey
        server.streamInterval = options.server.streamInterval
        server.logsRequests = options.logging.logsRequests
        return server
    }

    private func describe(_ stages: [StageMemory], _ plan: ServingPlan) {
        for (stage, memory) in stages.enumerated() {
            let tokens = plan.limits.prefillTokensMax
            logger.info("stage \(stage): \(memory.summary(microbatchTokensMax: tokens))")
        }
    }

    private func describe(_ plan: ServingPlan) {
        let model = plan.model
        let threadCount = plan.stages[0].threadCount
        let threads = threadCount == 1 ? "1 thread" : "\(threadCount) threads"
        let layers = plan.stages[0].layerCounts.map(String.init).joined(separator: " + ")
        logger.info(
            """
            \(model.architecture): \(layers) layers on \(plan.limits.stageCount) stages, \
            \(threads) each, context \(plan.limits.contextLength), \
            KV cache for \(plan.limits.tokenCapacity) tokens in \(plan.stages[0].kvCacheType)
            """)
        for warning in plan.warnings { logger.warning("\(warning)") }
    }
}
