internal import CKernels
internal import COneDNN
internal import PipelineTypes
internal import Synchronization

/// One thread's part of a computation that all threads of a pool do together: every worker runs
/// the same code, claims tasks, and meets the others at barriers.
package final class Worker {
    /// 0 is the thread that called `ThreadPool.run`.
    package let index: Int
    package let count: Int
    private let meeting: Meeting
    private let floatProduct: FloatProduct
    /// Tasks claimed by all workers in the rounds that are over.
    private var claimedBefore = 0
    private var products: [MatrixProductShape: MatrixProduct] = [:]
    private var scratch = AlignedBuffer(byteCount: 4096)
    private var resultBuffer = AlignedBuffer(byteCount: 0)
    private lazy var stream = makeStream()
    /// Up to so many rows, products read the checkpoint's blocks instead of panels: fewer bytes,
    /// but more work. The bits are the same.
    var blockRowsMax = FewRowsKernels.rowsMax
    /// Since they were last taken.
    private var times = ComputeTimes()

    init(index: Int, meeting: Meeting, instructionSet: InstructionSet) {
        self.index = index
        self.count = meeting.workerCount
        self.meeting = meeting
        floatProduct = FloatProduct(instructionSet)
    }

    deinit {
        dnnl_stream_destroy(stream)
    }

    /// Waits until every worker is here.
    package func barrier() {
        guard count > 1 else { return }
        let began = pk_nanoseconds()
        meeting.barrier()
        times.waiting += pk_nanoseconds() - began
    }

    /// Counts the time of `body` as attention.
    package func attending(_ body: () -> Void) {
        let began = pk_nanoseconds()
        body()
        times.attention += pk_nanoseconds() - began
    }

    /// What this worker did since the last call.
    func takeTimes() -> ComputeTimes {
        defer { times = ComputeTimes() }
        return times
    }

    /// Runs `body` for each task on whichever worker comes first, then waits for all to be done.
    /// Every worker must call it with the same count.
    package func forEachTask(_ taskCount: Int, _ body: (Int) -> Void) {
        // Every worker overshoots once, so all know where the shared counter stands afterwards.
        while true {
            let task = meeting.claim() - claimedBefore
            guard task < taskCount else { break }
            body(task)
        }
        claimedBefore += taskCount + count
        barrier()
    }

    /// This worker's even share of `total` items.
    package func share(of total: Int) -> Range<Int> {
        total * index / count..<total * (index + 1) / count
    }

    /// source [rows, matrix.depth] · some columns of the matrix, those of one panel: f32
    /// [rows, panel width] in memory of this worker that its next product reuses.
    package func product(
        _ source: Rows, by matrix: PackedMatrix, panel index: Int, rows: Int
    ) -> Rows {
        let began = pk_nanoseconds()
        defer { times.linear += pk_nanoseconds() - began }
        return multiply(source, by: matrix, panel: index, rows: rows)
    }

    private func multiply(
        _ source: Rows, by matrix: PackedMatrix, panel index: Int, rows: Int
    ) -> Rows {
        precondition(source.type == matrix.type && source.width == matrix.depth)
        precondition(source.isDense && rows <= source.count)
        let panel = matrix.panels[index]
        let result = result(rows: rows, width: panel.columns.count)
        switch panel.weights {
        case .float32(let weights):
            weights.multiply(source, rows: rows, with: floatProduct, into: result)
        case .bfloat16(let weights):
            if rows <= FewRowsKernels.rowsMax, let fewRows = matrix.fewRows,
                let read = weights.fewRows(rows, blockRowsMax: blockRowsMax)
            {
                fewRows.kernels.multiply(
                    source, rows: rows, by: read, depthBlock: fewRows.depthBlock, into: result)
            } else {
                let shape = MatrixProductShape(
                    type: .bfloat16, rows: rows, depth: matrix.depth,
                    columns: panel.columns.count)
                let compiled = compiled(shape, weights.layout)
                compiled.run(
                    source: source.address, weights: weights.operand, out: result.address,
                    scratch: scratch.address, stream: stream)
            }
        }
        return result
    }

    /// The same for rows and weights in whatever form.
    package func product(
        _ source: LinearInput, by weights: LinearWeights, panel index: Int, rows: Int
    ) -> Rows {
        switch (source, weights) {
        case (.plain(let source), .plain(let matrix)):
            return product(source, by: matrix, panel: index, rows: rows)
        case (.int8(let source), .int8(let matrix)):
            let began = pk_nanoseconds()
            defer { times.linear += pk_nanoseconds() - began }
            let sums = sums(source, by: matrix, panel: index, rows: rows)
            for row in 0..<rows {
                matrix.kernels.scale(
                    sums: sums[row], of: matrix.panels[index], by: source.scale(row))
            }
            return sums
        default:
            preconditionFailure("rows were made for other weights")
        }
    }

    /// s32 sums, in the place of numbers: exact, so no two paths can differ.
    func sums(_ source: Int8Rows, by matrix: Int8Matrix, panel index: Int, rows: Int) -> Rows {
        precondition(source.width == matrix.depth && rows <= source.count)
        let panel = matrix.panels[index]
        let shape = MatrixProductShape(
            type: .int8, rows: rows, depth: matrix.depth, columns: panel.columns.count)
        let compiled = compiled(shape, panel.layout)
        let result = result(rows: rows, width: panel.columns.count)
        compiled.run(
            source: source.address, weights: panel.weights, out: result.address,
            scratch: scratch.address, stream: stream)
        return result
    }

    private func result(rows: Int, width: Int) -> Rows {
        let byteCount = rows * width * ComputeType.float32.byteCount
        if byteCount > resultBuffer.byteCount { resultBuffer = AlignedBuffer(byteCount: byteCount) }
        return Rows(
            address: resultBuffer.address, type: .float32, count: rows, width: width,
            stride: width)
    }

    private func compiled(
        _ shape: MatrixProductShape, _ layout: dnnl_memory_desc_t
    ) -> MatrixProduct {
        if let known = products[shape] { return known }
        let product = MatrixProduct(shape, weights: layout)
        if product.scratchByteCount > scratch.byteCount {
            scratch = AlignedBuffer(byteCount: product.scratchByteCount)
        }
        products[shape] = product
        return product
    }
}
