import CommandLineOptions
import Kernels

/// `penstock bench kernels`: a roofline. What the machine can do, and how much of it the kernels
/// do at a model's shapes.
struct BenchKernelsRun {
    private let options: BenchKernelsOptions

    init(_ options: BenchKernelsOptions) {
        self.options = options
    }

    func run() throws {
        let report = try measure()
        if options.json { try Console.printJSON(report) } else { try Console.print(report.text) }
    }

    private func measure() throws -> KernelReport {
        let model = try options.modelPath.map(MeasuredModel.init(path:)) ?? MeasuredModel.builtIn
        let cores = try cores()
        let instructionSet = try Kernels.InstructionSet.confined(to: options.instructionSet)
        let type: Kernels.ComputeType = options.type == .float32 ? .float32 : .bfloat16
        let cacheType = KVCacheType(options.kvCache, type: options.type)
        guard
            let kernels = LayerKernels(
                instructionSet: instructionSet, type: type, cacheType: cacheType)
        else {
            throw UsageError("no kernels for \(instructionSet.rawValue)")
        }
        let cacheByteCount = LastLevelCache.byteCount(cores: availableCores())
        let sizes = options.isTiny ? .tiny : KernelSizes.full(cacheByteCount: cacheByteCount)
        let stopwatch = Stopwatch(seconds: options.seconds)
        let machine = MachineLimits(
            sizes: sizes, stopwatch: stopwatch, instructionSet: instructionSet)
        func memory(of pool: ThreadPool) -> MemoryProbe {
            report("memory bandwidth, threads: \(pool.threadCount)")
            return MemoryProbe(pool, byteCount: sizes.uncachedByteCount, stopwatch: stopwatch)
        }
        var limits: [KernelReport.LimitRow] = []
        if cores.threads > 1 {
            let alone = ThreadPool(
                threadCount: 1, cores: cores.cores(ofStage: 0), instructionSet: instructionSet)
            limits += machine.rows(on: alone, memory: memory(of: alone), progress: report)
        }
        let pool = ThreadPool(
            threadCount: cores.threads, cores: cores.cores(ofStage: 0),
            instructionSet: instructionSet)
        let shared = memory(of: pool)
        limits += machine.rows(on: pool, memory: shared, progress: report)
        let bench = KernelBench(
            model: model, sizes: sizes, stopwatch: stopwatch, instructionSet: instructionSet,
            kernels: kernels, pool: pool, memory: shared, limits: limits)
        var rows = linearLayers(bench)
        rows += attention(bench)
        report("elementwise")
        rows += ElementwiseBench(bench: bench).rows()
        return KernelReport(
            model: model.name, instructionSet: instructionSet.rawValue, threads: cores.threads,
            cacheByteCount: cacheByteCount, limits: limits, kernels: rows)
    }

    private func linearLayers(_ bench: KernelBench) -> [KernelReport.KernelRow] {
        bench.model.linearLayers(threadCount: bench.pool.threadCount).flatMap { layer in
            report(layer.name)
            return LinearLayerBench(bench: bench, layer: layer).rows()
        }
    }

    private func attention(_ bench: KernelBench) -> [KernelReport.KernelRow] {
        var rows: [KernelReport.KernelRow] = []
        for shape in bench.model.attentionShapes {
            for prefix in bench.sizes.prefixes {
                report("attention, head size \(shape.headSize), after \(prefix)")
                let attention = AttentionBench(
                    bench: bench, headSize: shape.headSize, group: shape.group, prefix: prefix)
                rows += attention.rows()
            }
        }
        return rows
    }

    /// Tells whoever waits how far the measurement is.
    private func report(_ progress: String) {
        if !options.json { Console.complain("measuring \(progress)") }
    }

    private func cores() throws(UsageError) -> CoreShares {
        let cores = availableCores()
        if let threads = options.threads, threads > max(1, cores.count) {
            throw UsageError("--threads \(threads) is more than the \(cores.count) cores there are")
        }
        return CoreShares(stageCount: 1, hostCount: 1, threads: options.threads, cores: cores)
    }
}
