package import Kernels

/// How the workers share a microbatch's linear layers: each takes blocks of rows through all of
/// them, or, where rows are few, all take the same rows and each its own columns.
package enum WorkSplit {
    case rows(blockSize: Int)
    case columns

    /// Rows of the largest block: so few keep a block's activations in cache, and so many make it
    /// worth while to read a layer's weights.
    package static let blockRowsMax = 128
    /// Below so many rows for each worker, weights are better read once than once per worker.
    private static let rowsPerWorkerMin = 32

    package init(rowCount: Int, workerCount: Int) {
        if workerCount > 1, rowCount < workerCount * Self.rowsPerWorkerMin,
            rowCount <= Self.blockRowsMax
        {
            self = .columns
            return
        }
        // As many blocks for each worker, and as few and as even as these can be.
        let turns = Self.groups(of: workerCount * Self.blockRowsMax, in: rowCount)
        self = .rows(blockSize: Self.groups(of: turns * workerCount, in: rowCount))
    }

    /// Runs a step for all rows; every worker must call it. Returns when all have finished.
    package func forEachPortion(
        ofRows rowCount: Int, _ worker: Worker, _ step: (Portion) -> Void
    ) {
        switch self {
        case .columns:
            step(Portion(columnsOf: 0..<rowCount, for: worker))
            worker.barrier()
        case .rows(let blockSize):
            worker.forEachTask(Self.groups(of: blockSize, in: rowCount)) { block in
                let first = block * blockSize
                step(Portion(rows: first..<min(first + blockSize, rowCount), of: worker))
            }
        }
    }

    private static func groups(of size: Int, in count: Int) -> Int {
        (count + size - 1) / size
    }
}

/// The rows and the share of columns that one worker computes at one time.
package struct Portion {
    package let rows: Range<Int>
    private let worker: Worker
    private let sharesColumns: Bool

    /// A block of rows, of which the worker computes all columns.
    init(rows: Range<Int>, of worker: Worker) {
        self.rows = rows
        self.worker = worker
        sharesColumns = false
    }

    /// All rows, of which each worker computes some columns.
    init(columnsOf rows: Range<Int>, for worker: Worker) {
        self.rows = rows
        self.worker = worker
        sharesColumns = true
    }

    /// Of a matrix with so many panels, those that this worker multiplies by.
    package func panels(of count: Int) -> Range<Int> {
        sharesColumns ? worker.share(of: count) : 0..<count
    }

    /// The rows that this worker treats where a step works row by row.
    var ownRows: Range<Int> {
        guard sharesColumns else { return rows }
        let share = worker.share(of: rows.count)
        return rows.lowerBound + share.lowerBound..<rows.lowerBound + share.upperBound
    }

    /// Whose block buffers hold the result of a product.
    var owner: Int {
        sharesColumns ? 0 : worker.index
    }

    /// Waits until the other columns are there too.
    func synchronize() {
        if sharesColumns { worker.barrier() }
    }
}
