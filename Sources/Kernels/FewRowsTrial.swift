/// Finds out up to how many rows products are quicker that read the checkpoint's blocks than those
/// that read panels. It depends on what the processor does in the time in which memory gives it a
/// byte; the bits of the products do not depend on it.
package enum FewRowsTrial {
    /// Panels beyond which nothing new is learned.
    private static let byteCountMax = 256 << 20
    private static let repetitions = 3

    /// Times products by a stage's own matrices, all of which its caches cannot hold, and lets the
    /// pool's workers choose accordingly.
    package static func run(_ matrices: [PackedMatrix], on pool: ThreadPool) {
        let measured = some(of: matrices.filter(\.hasBlocksBesidePlain))
        guard let widest = measured.map(\.depth).max() else { return }
        let source = AlignedBuffer(
            byteCount: FewRowsKernels.rowsMax * widest * ComputeType.bfloat16.byteCount)
        var rows = FewRowsKernels.rowsMax
        while rows > 0 {
            let blocks = seconds(measured, source, rows: rows, blockRowsMax: rows, on: pool)
            let panels = seconds(measured, source, rows: rows, blockRowsMax: 0, on: pool)
            if blocks <= panels { break }
            rows /= 2
        }
        pool.run { $0.blockRowsMax = rows }
        // They are no microbatch's.
        _ = pool.takeTimes()
    }

    private static func some(of matrices: [PackedMatrix]) -> [PackedMatrix] {
        var byteCount = 0
        return Array(
            matrices.prefix { matrix in
                defer { byteCount += matrix.byteCount }
                return byteCount < byteCountMax
            })
    }

    /// How long the products take at best.
    private static func seconds(
        _ matrices: [PackedMatrix], _ source: AlignedBuffer, rows: Int, blockRowsMax: Int,
        on pool: ThreadPool
    ) -> Double {
        pool.run { $0.blockRowsMax = blockRowsMax }
        return (0..<repetitions).reduce(Double.infinity) { best, _ in
            let began = ContinuousClock.now
            pool.run { worker in
                for matrix in matrices {
                    let source = Rows(
                        address: source.address, type: .bfloat16, count: rows,
                        width: matrix.depth, stride: matrix.depth)
                    for panel in worker.share(of: matrix.panelCount) {
                        _ = worker.product(source, by: matrix, panel: panel, rows: rows)
                    }
                }
            }
            return min(best, (ContinuousClock.now - began) / .seconds(1))
        }
    }
}
