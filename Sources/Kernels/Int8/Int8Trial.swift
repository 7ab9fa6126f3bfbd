internal import CKernels
internal import COneDNN
internal import Synchronization

/// Which 8-bit products are exact depends on the CPU and on what oneDNN makes of it, so it is found
/// out: with the largest numbers there are.
enum Int8Trial {
    /// All that fit into 8 bits; 7 bits, of which two products with 8 bits fit into 16.
    private static let limits = [127, 63]
    private static let known = Mutex<[Int: Int?]>([:])

    /// The largest weight with which products are exact; nil if there is none.
    static func weightLimit(_ table: UnsafePointer<pk_kernels>) -> Int? {
        let key = Int(bitPattern: table)
        return known.withLock { known in
            if let limit = known[key] { return limit }
            let limit = limits.first { isExact(Int8Kernels(table, weightLimit: $0)) }
            known[key] = .some(limit)
            return limit
        }
    }

    /// Tries one row, some and many, which oneDNN need not compute alike.
    private static func isExact(_ kernels: Int8Kernels) -> Bool {
        let (rows, depth, columns) = (128, 192, 192)
        // Blocks that hold one number are numbers of equal size when they are rotated.
        func isPeak(_ index: Int) -> Bool { index % Int(PK_INT8_ROTATION) == 0 }
        let matrix = Int8Matrix(
            depth: depth, columns: columns, panelWidth: columns, kernels: kernels
        ) { columns, weights in
            for index in 0..<columns.count * depth { weights[index] = isPeak(index) ? 1 : 0 }
        }
        let source = RowBuffer(rows: rows, width: depth, type: .float32)
        for row in 0..<rows {
            source.rows.withRow(row) { numbers in
                for index in numbers.indices where isPeak(index) { numbers[index] = 1 }
            }
        }
        let rounded = Int8Rows(rows: rows, widthMax: depth)
            .rounding(source.rows, rows: rows, with: kernels)
        let expected = Int32(255 * kernels.weightLimit * depth)
        let worker = Worker(index: 0, meeting: Meeting(workerCount: 1), instructionSet: .best)
        return [1, rows / 2, rows].allSatisfy { rows in
            let sums = worker.sums(rounded, by: matrix, panel: 0, rows: rows)
            return withExtendedLifetime(worker) {
                UnsafeBufferPointer(
                    start: sums.address.assumingMemoryBound(to: Int32.self), count: rows * columns
                ).allSatisfy { $0 == expected }
            }
        }
    }
}
