import DecoderModels
import Kernels

/// Measures attention after a prefix: of a prompt's tokens by its operations, of one decoded token
/// by the bytes of keys and values that it reads.
struct AttentionBench {
    let bench: KernelBench
    let headSize: Int
    /// Query heads that share a KV head.
    let group: Int
    /// Positions before the tokens.
    let prefix: Int

    private typealias Row = KernelReport.KernelRow

    private var tokensPerTask: Int {
        DecoderStage.tokensPerTask(groupSize: group)
    }

    func rows() -> [KernelReport.KernelRow] {
        let pages = pages()
        bench.pool.run { pages.fill($0) }
        return [prefill(pages), decode(pages), sharedDecode(pages)].map { row in
            var row = row
            row.headSize = headSize
            row.prefix = prefix
            return row
        }
    }

    /// So many heads that each has left the caches by the time it is used again, the same number
    /// for each thread.
    private func pages() -> ArbitraryPages {
        let byteCount = ArbitraryPages.byteCount(
            positions: prefix, headSize: headSize, type: bench.kernels.cacheType)
        let heads = (bench.sizes.uncachedByteCount + byteCount - 1) / byteCount
        let threads = bench.pool.threadCount
        return ArbitraryPages(
            heads: (heads + threads - 1) / threads * threads,
            positions: prefix + tokensPerTask, headSize: headSize, type: bench.kernels.cacheType)
    }

    private func prefill(_ pages: ArbitraryPages) -> Row {
        let operands = Operands(self, pages, tokens: tokensPerTask)
        // Token i sees its own key and those before it.
        let keys = tokensPerTask * prefix + tokensPerTask * (tokensPerTask + 1) / 2
        let operations = 4 * Double(group * headSize) * Double(keys)
        return bench.row(
            "prefill attention", detail("\(tokensPerTask * group) rows"),
            amount: Double(pages.heads) * operations, of: bench.productLimit
        ) { worker, _ in
            worker.forEachTask(pages.heads) { operands.attend(head: $0, worker) }
        }
    }

    /// Each head on one thread, as where requests decode together.
    private func decode(_ pages: ArbitraryPages) -> Row {
        let operands = Operands(self, pages, tokens: 1)
        return bench.row(
            "decode attention", detail("1 token"), amount: byteCount(pages), of: .bandwidth
        ) { worker, _ in
            worker.forEachTask(pages.heads) { operands.attend(head: $0, worker) }
        }
    }

    /// The segments of each head's keys as tasks for all threads, then merged, as where one request
    /// decodes alone.
    private func sharedDecode(_ pages: ArbitraryPages) -> Row {
        let segments = AttentionRun.segmentCount(positions: prefix + 1)
        let operands = Operands(self, pages, tokens: 1, segments: segments)
        return bench.row(
            "shared decode attention", detail("1 token"), amount: byteCount(pages), of: .bandwidth
        ) { worker, _ in
            worker.forEachTask(pages.heads * segments) { task in
                let (head, segment) = task.quotientAndRemainder(dividingBy: segments)
                operands.attend(head: head, segment: segment, worker)
            }
            worker.forEachTask(pages.heads) { operands.merge(head: $0, worker) }
        }
    }

    private func byteCount(_ pages: ArbitraryPages) -> Double {
        Double(pages.heads)
            * Double(
                ArbitraryPages.byteCount(
                    positions: prefix + 1, headSize: headSize, type: bench.kernels.cacheType))
    }

    private func detail(_ count: String) -> String {
        "\(count) after \(prefix), head size \(headSize), group \(group)"
    }
}

/// The same queries for all heads, and room for what they give: each worker has its own.
private struct Operands {
    private let kernels: LayerKernels
    private let group: Int
    private let position: Int
    private let tokens: Int
    private let pages: ArbitraryPages
    private let queries: RowBuffer
    private let outs: [RowBuffer]
    private let scratches: [RowBuffer]
    /// For each head, a row for each segment of its keys.
    private let parts: [RowBuffer]

    /// - Parameter segments: of each head, that are attended to one by one.
    init(_ bench: AttentionBench, _ pages: ArbitraryPages, tokens: Int, segments: Int = 0) {
        kernels = bench.bench.kernels
        group = bench.group
        position = bench.prefix
        self.tokens = tokens
        self.pages = pages
        let shape = HeadShape(heads: group, kvHeads: 1, headSize: bench.headSize)
        let width = group * bench.headSize
        let type = kernels.activationType
        queries = RowBuffer.arbitrary(rows: tokens, width: width, type: type)
        let workers = 0..<bench.bench.pool.threadCount
        outs = workers.map { _ in RowBuffer(rows: tokens, width: width, type: type) }
        scratches = workers.map { _ in
            RowBuffer(
                rows: 1, width: shape.attentionScratchCount(tokens: tokens), type: .float32)
        }
        parts = (0..<pages.heads).map { _ in
            RowBuffer(
                rows: segments, width: shape.attentionPartCount(tokens: tokens), type: .float32)
        }
    }

    func attend(head: Int, _ worker: Worker) {
        kernels.attend(run(head, worker), scratch: scratches[worker.index].rows)
    }

    func attend(head: Int, segment: Int, _ worker: Worker) {
        kernels.attend(run(head, worker), segment: segment, parts: parts[head].rows)
    }

    func merge(head: Int, _ worker: Worker) {
        kernels.mergeSegments(of: run(head, worker), parts: parts[head].rows)
    }

    private func run(_ head: Int, _ worker: Worker) -> AttentionRun {
        pages.attentionRun(
            head: head, group: group, queries: queries.rows, out: outs[worker.index].rows,
            tokens: tokens, position: position)
    }
}
