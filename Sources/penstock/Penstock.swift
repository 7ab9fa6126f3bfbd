import CommandLineOptions
import Dispatch
import Foundation

/// The process: reads the command line and the environment, once, and hands both down.
@main
enum Penstock {
    static func main() {
        Console.prepare()
        let environment = ProcessInfo.processInfo.environment
        let reader = InvocationReader(environment: environment)
        let invocation: Invocation
        do {
            let (read, notes) = try reader.read(Array(CommandLine.arguments.dropFirst()))
            for note in notes { Console.complain(note) }
            invocation = read
        } catch {
            Console.complain(error.message)
            exit(UsageError.exitStatus)
        }
        // A stage blocks the main thread, on which it makes its MPI calls, and has no tasks.
        if invocation == .stage { exit(StageRun(environment: environment).run()) }
        Task.detached {
            exit(await status(of: invocation, environment: environment))
        }
        dispatchMain()
    }

    /// Runs a command to its end; returns the exit status.
    private static func status(
        of invocation: Invocation, environment: [String: String]
    ) async -> Int32 {
        do {
            try await run(invocation, environment: environment)
            return 0
        } catch let error as UsageError {
            Console.complain(error.message)
            return UsageError.exitStatus
        } catch {
            Console.complain("\(error)")
            return 1
        }
    }

    private static func run(
        _ invocation: Invocation, environment: [String: String]
    ) async throws {
        switch invocation {
        case .print(let text):
            try Console.print(text)
        case .serve(let options):
            try await ServeRun(options, environment: environment).run()
        case .inspect(let options):
            try InspectRun(options).run()
        case .benchPrefill(let options):
            try await BenchPrefillRun(options, environment: environment).run()
        case .benchDecode(let options):
            try await BenchDecodeRun(options, environment: environment).run()
        case .benchAccuracy(let options):
            try await BenchAccuracyRun(options, environment: environment).run()
        case .benchKernels(let options):
            try BenchKernelsRun(options).run()
        case .chunks(let options):
            try ChunksRun(options).run()
        case .plan(let options):
            try PlanRun(options).run()
        case .simulate(let options):
            try await SimulateRun(options, environment: environment).run()
        case .trace(let options):
            try await TraceRun(options).run()
        case .stage:
            preconditionFailure("a stage runs on the main thread")
        }
    }
}
