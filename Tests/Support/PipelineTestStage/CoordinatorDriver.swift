import Coordinator
import Foundation
import PipelineTestKit

/// A coordinator in a process of its own, so that a test can kill it.
enum CoordinatorDriver {
    /// Starts a pipeline, prints the process ids of its stages, and waits to be killed.
    static func run(executable: String) async throws {
        let coordinator = try Coordinator(PipelineHarness(executable: executable).options())
        try await coordinator.start()
        let processes = coordinator.status.stageProcesses.map(String.init)
        FileHandle.standardOutput.write(Data((processes.joined(separator: " ") + "\n").utf8))
        try await Task.sleep(for: .seconds(600))
    }
}
