import Kernels

/// Sees how quickly all threads of a pool together can read memory, at first and whenever asked.
struct MemoryProbe {
    /// Of all threads together.
    let byteCount: Int
    /// Bytes per second at first.
    let rate: Double
    private let pool: ThreadPool
    private let readers: Slots<MemoryReader>
    private let pattern: MemoryReader.Pattern
    /// How often memory is read when asked: enough to be timed.
    private let calls: Int

    /// Looks are short beside the runs of a stopwatch.
    private static let looksPerRow = 30.0

    init(_ pool: ThreadPool, byteCount: Int, stopwatch: Stopwatch) {
        let readers = Slots<MemoryReader>(count: pool.threadCount)
        pool.run { worker in
            // Whoever first writes to memory has it nearby.
            readers[worker.index] = MemoryReader(byteCount: byteCount / worker.count)
        }
        let timed = MemoryReader.Pattern.all.map { pattern in
            let seconds = stopwatch.secondsPerCall {
                Self.read(readers, pattern, calls: $0, on: pool)
            }
            return (pattern: pattern, seconds: seconds)
        }
        let best = timed.reduce(timed[0]) { $0.seconds <= $1.seconds ? $0 : $1 }
        self.byteCount = readers.values.reduce(0) { $0 + $1.byteCount }
        rate = Double(self.byteCount) / best.seconds
        pattern = best.pattern
        calls = max(1, Int(stopwatch.seconds / Self.looksPerRow / best.seconds))
        self.pool = pool
        self.readers = readers
    }

    /// Bytes per second now.
    func rateNow() -> Double {
        let seconds = Stopwatch.time(calls) { Self.read(readers, pattern, calls: $0, on: pool) }
        return Double(byteCount) * Double(calls) / seconds
    }

    private static func read(
        _ readers: Slots<MemoryReader>, _ pattern: MemoryReader.Pattern, calls: Int,
        on pool: ThreadPool
    ) {
        pool.run { worker in
            for _ in 0..<calls { readers[worker.index]?.read(pattern) }
        }
    }
}
