import DecoderModels
import Kernels

/// What all measurements of kernels share: the threads, and what they run.
struct KernelBench {
    let model: MeasuredModel
    let sizes: KernelSizes
    let stopwatch: Stopwatch
    let instructionSet: Kernels.InstructionSet
    let kernels: LayerKernels
    let pool: ThreadPool

    typealias Limit = KernelReport.Limit
    typealias Row = KernelReport.KernelRow

    /// What binds products of activations.
    var productLimit: Limit {
        kernels.activationType == .bfloat16 ? .bfloat16Product : .float32Product
    }

    /// The best time of work that all workers of the pool do together, again and again.
    ///
    /// - Parameter work: is told how often it ran before, the same on all workers.
    func secondsPerCall(_ work: (_ worker: Worker, _ call: Int) -> Void) -> Double {
        var callsBefore = 0
        return stopwatch.secondsPerCall { calls in
            let first = callsBefore
            callsBefore += calls
            pool.run { worker in
                for call in first..<first + calls { work(worker, call) }
            }
        }
    }

    /// - Parameter amount: operations or bytes of one call, whichever the limit counts.
    func row(
        _ kernel: String, _ detail: String, amount: Double, seconds: Double, of limit: Limit
    ) -> Row {
        Row(
            kernel: kernel, detail: detail, rate: amount / seconds / 1e9, unit: limit.unit,
            limit: limit)
    }
}
