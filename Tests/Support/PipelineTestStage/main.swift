import Foundation
import MPITransport
import StageProtocol
import StageWorker

// A stage for tests. `stage` runs one under a coordinator; `transport` and
// `idle-sender` check the transport alone; `quit` ends at once.
let arguments = CommandLine.arguments.dropFirst()
switch arguments.first {
case "stage":
    guard let identity = StageIdentity(environment: ProcessInfo.processInfo.environment) else {
        exit(2)
    }
    exit(
        StageProcess.run(
            identity,
            transport: { () throws(TransportError) in try MPITransport() },
            backend: { configuration, progress throws(StageFault) in
                try TestBackend(configuration, progress: progress)
            }))
case "transport":
    exit(try TransportCheck.run())
case "idle-sender":
    exit(try TransportCheck.runWithIdleSender(pipeAt: arguments.last ?? ""))
case "coordinate":
    try await CoordinatorDriver.run(executable: CommandLine.arguments[0])
default:
    print("nothing to do")
    exit(7)
}
