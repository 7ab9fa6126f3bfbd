import CommandLineOptions
import Kernels

/// The rate of large matrix products on some of this machine's cores, in the type that a model's
/// linear layers are computed in.
struct ProductPeak {
    /// FLOP per second of all threads together.
    let rate: Double
    let type: Kernels.ComputeType

    private static let secondsPerProduct = 0.3

    /// Measures it; nothing else should run meanwhile.
    init(threads: Int, options: BenchOptions) throws(UsageError) {
        let instructionSet = try Kernels.InstructionSet.confined(to: options.instructionSet)
        // Bound to no cores: this thread goes on to start a pipeline that wants all of them.
        let pool = ThreadPool(threadCount: threads, cores: [], instructionSet: instructionSet)
        let machine = MachineLimits(
            sizes: .full(cacheByteCount: 0), stopwatch: Stopwatch(seconds: Self.secondsPerProduct),
            instructionSet: instructionSet)
        type = instructionSet.activationType(options.type == .float32 ? .float32 : .bfloat16)
        rate = machine.productPeak(of: type, on: pool).rate * 1e9
    }
}
