import Benchmark
import Foundation

/// Every benchmark once, without a measurement: that it still runs, and that its result is right.
enum Rehearsal {
    /// Whether all went well; what did not is printed.
    static func run(_ benchmarks: [Benchmark]) -> Bool {
        var failures = 0
        let seconds = ContinuousClock().measure {
            for benchmark in benchmarks {
                // Written before it runs, because it may crash.
                write("\(benchmark.name) ")
                benchmark.run()
                write(benchmark.failureReason.map { "FAILED: \($0)\n" } ?? "ok\n")
                failures += benchmark.failureReason == nil ? 0 : 1
            }
        }
        write("\(benchmarks.count) benchmarks ran once in \(seconds), \(failures) failed.\n")
        return failures == 0
    }

    private static func write(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}
