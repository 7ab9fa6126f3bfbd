import DecoderModels
import Kernels

/// What all measurements of kernels share: the threads, what they run, and what bounds it.
struct KernelBench {
    let model: MeasuredModel
    let sizes: KernelSizes
    let stopwatch: Stopwatch
    let instructionSet: Kernels.InstructionSet
    let kernels: LayerKernels
    let pool: ThreadPool
    let memory: MemoryProbe
    let limits: [KernelReport.LimitRow]

    typealias Limit = KernelReport.Limit
    typealias Row = KernelReport.KernelRow

    /// What binds products of activations.
    var productLimit: Limit {
        .product(of: kernels.activationType)
    }

    /// The best time of work that all workers of the pool do together, again and again.
    ///
    /// - Parameter work: is told how often it ran before, the same on all workers.
    func secondsPerCall(
        _ work: (_ worker: Worker, _ call: Int) -> Void, afterRun: () -> Void = {}
    ) -> Double {
        var callsBefore = 0
        return stopwatch.secondsPerCall(
            { calls in
                let first = callsBefore
                callsBefore += calls
                pool.run { worker in
                    for call in first..<first + calls { work(worker, call) }
                }
            }, afterRun: afterRun)
    }

    /// Measures work that is bound by a limit.
    ///
    /// - Parameter amount: operations or bytes of one call, whichever the limit counts.
    func row(
        _ kernel: String, _ detail: String, amount: Double, of limit: Limit,
        _ work: (_ worker: Worker, _ call: Int) -> Void
    ) -> Row {
        var bandwidth = 0.0
        let seconds = secondsPerCall(work) {
            if limit == .bandwidth { bandwidth = max(bandwidth, memory.rateNow() / 1e9) }
        }
        let known = limits.first { $0.limit == limit && $0.threads == pool.threadCount }
        let limitRate = limit == .bandwidth ? bandwidth : known?.rate
        let rate = amount / seconds / 1e9
        return Row(
            kernel: kernel, detail: detail, rate: rate, unit: limit.unit, limit: limit,
            limitRate: limitRate, share: limitRate.map { rate / $0 })
    }
}
