import Kernels

/// Measures what one thread, and what all threads together, can do at best.
struct MachineLimits {
    let sizes: KernelSizes
    let stopwatch: Stopwatch
    let instructionSet: Kernels.InstructionSet

    typealias Limit = KernelReport.Limit
    typealias Row = KernelReport.LimitRow

    /// One row for each limit; each thread does all of the work of one.
    ///
    /// - Parameter memory: that of the pool.
    func rows(
        on pool: ThreadPool, memory: MemoryProbe, progress: (String) -> Void
    ) -> [Row] {
        let types: [Kernels.ComputeType] =
            instructionSet == .avx512BF16 ? [.bfloat16, .float32] : [.float32]
        let threads = pool.threadCount
        func announce(_ limit: Limit) {
            progress("\(limit.rawValue), threads: \(threads)")
        }
        var rows = types.map { type in
            announce(.product(of: type))
            return productPeak(of: type, on: pool)
        }
        announce(.int8Product)
        rows.append(best(.int8Product, pool) { librarySeconds($0, of: .int8, on: pool) })
        rows.append(
            Row(
                limit: .bandwidth, threads: threads, detail: "\(memory.byteCount >> 20) MiB",
                rate: memory.rate / 1e9, unit: Limit.bandwidth.unit))
        return rows
    }

    /// The best rate of floating-point products in numbers of a type.
    func productPeak(of type: Kernels.ComputeType, on pool: ThreadPool) -> Row {
        best(.product(of: type), pool) { productSeconds($0, of: type, on: pool) }
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
        let library = librarySeconds(product, of: ProductType(type), on: pool)
        // f32 has products of our own, which may be the best there are.
        return type == .float32 ? min(library, ownSeconds(product, on: pool)) : library
    }

    private func librarySeconds(
        _ product: KernelSizes.Product, of type: ProductType, on pool: ThreadPool
    ) -> Double {
        let products = Slots<LibraryProduct>(count: pool.threadCount)
        pool.run { worker in
            products[worker.index] = LibraryProduct(
                type, rows: product.rows, depth: product.depth, columns: product.columns)
        }
        return stopwatch.secondsPerCall { calls in
            pool.run { worker in
                for _ in 0..<calls { products[worker.index]?.run() }
            }
        }
    }

    private func ownSeconds(_ product: KernelSizes.Product, on pool: ThreadPool) -> Double {
        let matrix = PackedMatrix.arbitrary(
            type: .float32, depth: product.depth, columns: product.columns,
            panelWidth: product.columns, fewRows: nil, format: nil, seed: 1)
        let source = RowBuffer.arbitrary(
            rows: product.rows, width: product.depth, type: .float32)
        return stopwatch.secondsPerCall { calls in
            pool.run { worker in
                for _ in 0..<calls {
                    _ = worker.product(source.rows, by: matrix, panel: 0, rows: product.rows)
                }
            }
        }
    }
}
