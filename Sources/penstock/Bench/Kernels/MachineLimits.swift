import Kernels

/// Measures what one thread, and what all threads together, can do at best.
struct MachineLimits {
    let sizes: KernelSizes
    let stopwatch: Stopwatch
    let instructionSet: Kernels.InstructionSet

    typealias Limit = KernelReport.Limit
    typealias Row = KernelReport.LimitRow

    /// One row for each limit; each thread does all of the work of one.
    func rows(on pool: ThreadPool, progress: (String) -> Void) -> [Row] {
        let types: [(Limit, Kernels.ComputeType)] =
            instructionSet == .avx512BF16
            ? [(.bfloat16Product, .bfloat16), (.float32Product, .float32)]
            : [(.float32Product, .float32)]
        let threads = pool.threadCount
        func announce(_ limit: Limit) {
            progress("\(limit.rawValue), \(threads) thread\(threads == 1 ? "" : "s")")
        }
        var rows = types.map { limit, type in
            announce(limit)
            return best(limit, pool) { productSeconds($0, of: type, on: pool) }
        }
        announce(.int8Product)
        rows.append(best(.int8Product, pool) { int8Seconds($0, on: pool) })
        announce(.bandwidth)
        rows.append(bandwidth(on: pool))
        return rows
    }

    /// The best rate of several products.
    private func best(
        _ limit: Limit, _ pool: ThreadPool, _ seconds: (KernelSizes.Product) -> Double
    ) -> Row {
        let rows = sizes.products.map { product in
            let operations = product.operations * Double(pool.threadCount)
            return Row(
                limit: limit, threads: pool.threadCount, detail: "\(product)",
                rate: operations / seconds(product) / 1e9, unit: limit.unit)
        }
        return rows.reduce(rows[0]) { $0.rate >= $1.rate ? $0 : $1 }
    }

    private func productSeconds(
        _ product: KernelSizes.Product, of type: Kernels.ComputeType, on pool: ThreadPool
    ) -> Double {
        let matrix = PackedMatrix.arbitrary(
            type: type, depth: product.depth, columns: product.columns,
            panelWidth: product.columns, fewRows: nil, format: nil, seed: 1)
        let quantum = instructionSet.rowQuantum
        let source = RowBuffer.arbitrary(
            rows: product.rows + quantum, width: product.depth, type: type)
        return stopwatch.secondsPerCall { calls in
            pool.run { worker in
                for _ in 0..<calls {
                    _ = worker.product(source.rows, by: matrix, panel: 0, rows: product.rows)
                }
            }
        }
    }

    private func int8Seconds(_ product: KernelSizes.Product, on pool: ThreadPool) -> Double {
        let products = Slots<Int8Product>(count: pool.threadCount)
        pool.run { worker in
            products[worker.index] = Int8Product(
                rows: product.rows, depth: product.depth, columns: product.columns)
        }
        return stopwatch.secondsPerCall { calls in
            pool.run { worker in
                for _ in 0..<calls { products[worker.index]?.run() }
            }
        }
    }

    /// On machines that are shared it changes from minute to minute, so it is worth another look.
    func bandwidth(on pool: ThreadPool) -> Row {
        let readers = Slots<MemoryReader>(count: pool.threadCount)
        pool.run { worker in
            // Whoever first writes to memory has it nearby.
            readers[worker.index] = MemoryReader(byteCount: sizes.uncachedByteCount / worker.count)
        }
        let byteCount = readers.values.reduce(0) { $0 + $1.byteCount }
        let seconds = MemoryReader.Pattern.all.map { pattern in
            stopwatch.secondsPerCall { calls in
                pool.run { worker in
                    for _ in 0..<calls { readers[worker.index]?.read(pattern) }
                }
            }
        }
        let best = seconds.reduce(Double.infinity, min)
        return Row(
            limit: .bandwidth, threads: pool.threadCount, detail: "\(byteCount >> 20) MiB",
            rate: Double(byteCount) / best / 1e9, unit: Limit.bandwidth.unit)
    }
}
