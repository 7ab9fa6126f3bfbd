// Its list of benchmarks is a global variable.
@preconcurrency import Benchmark
import Glibc

/// Benchmarks of Penstock's parts: as the plugin of `swift package benchmark` runs them, or each
/// just once, as tests do.
@main
enum Parts {
    static func main() async {
        if CommandLine.arguments.dropFirst().elementsEqual(["--once"]) {
            registerBenchmarks()
            exit(Rehearsal.run(Benchmark.benchmarks) ? EXIT_SUCCESS : EXIT_FAILURE)
        }
        await BenchmarkRunner.setupBenchmarkRunner(registerBenchmarks: registerBenchmarks)
    }

    private static func registerBenchmarks() {
        Benchmark.defaultConfiguration = .init(metrics: [.wallClock, .throughput])
        productBenchmarks()
        attentionBenchmarks()
        rowBenchmarks()
        schedulerBenchmarks()
        pagingBenchmarks()
        chunkSizingBenchmarks()
        wireBenchmarks()
        tokenizationBenchmarks()
        simulatorBenchmarks()
    }
}
