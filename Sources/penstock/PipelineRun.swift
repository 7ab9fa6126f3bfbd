import Coordinator
import Foundation
import Logging
import PipelineTypes

/// Starts a plan's pipeline under a coordinator.
enum PipelineRun {
    /// Returns when all stages are ready. Throws one line that says why they are not.
    static func start(
        _ plan: ServingPlan, environment: [String: String], logger: Logger,
        microbatchTimeout: Double? = nil, timingsKept: Int = 1024
    ) async throws -> Coordinator {
        var launch = LaunchOptions(
            executable: executablePath, arguments: ["stage"], environment: environment)
        launch.hosts = plan.hosts
        var options = CoordinatorOptions(
            limits: plan.limits, stages: plan.stages, launch: launch, logger: logger)
        options.partitionsByCost = plan.partitionsByCost
        options.timeouts.microbatch = microbatchTimeout
        options.timingsKept = timingsKept
        let progress = LoadProgressLines(logger: logger)
        options.reportProgress = { progress.report($0) }
        let coordinator = try Coordinator(options)
        try await coordinator.start()
        return coordinator
    }

    /// This program; stages are processes of the same.
    static var executablePath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? CommandLine.arguments[0]
    }
}
