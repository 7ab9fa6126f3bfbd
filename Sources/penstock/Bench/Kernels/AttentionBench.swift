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
        return [prefill(pages), decode(pages)].map { row in
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

    /// One task for each head, of so many operations or bytes.
    private func row(
        _ kernel: String, _ pages: ArbitraryPages, tokens: Int, amountPerHead: Double,
        of limit: KernelReport.Limit
    ) -> Row {
        let width = group * headSize
        let type = bench.kernels.activationType
        let queries = RowBuffer.arbitrary(rows: tokens, width: width, type: type)
        let shape = HeadShape(heads: group, kvHeads: 1, headSize: headSize)
        let own = (0..<bench.pool.threadCount).map { _ in
            (
                out: RowBuffer(rows: tokens, width: width, type: type),
                scratch: RowBuffer(
                    rows: 1, width: shape.attentionScratchCount(tokens: tokens), type: .float32)
            )
        }
        let count = tokens == 1 ? "1 token" : "\(tokens * group) rows"
        return bench.row(
            kernel, "\(count) after \(prefix), head size \(headSize), group \(group)",
            amount: Double(pages.heads) * amountPerHead, of: limit
        ) { worker, _ in
            worker.forEachTask(pages.heads) { head in
                let run = pages.attentionRun(
                    head: head, group: group, queries: queries.rows,
                    out: own[worker.index].out.rows, tokens: tokens, position: prefix)
                bench.kernels.attend(run, scratch: own[worker.index].scratch.rows)
            }
        }
    }

    private func prefill(_ pages: ArbitraryPages) -> Row {
        let tokens = tokensPerTask
        // Token i sees its own key and those before it.
        let keys = tokens * prefix + tokens * (tokens + 1) / 2
        return row(
            "prefill attention", pages, tokens: tokens,
            amountPerHead: 4 * Double(group * headSize) * Double(keys), of: bench.productLimit)
    }

    private func decode(_ pages: ArbitraryPages) -> Row {
        let byteCount = ArbitraryPages.byteCount(
            positions: prefix + 1, headSize: headSize, type: bench.kernels.cacheType)
        return row(
            "decode attention", pages, tokens: 1, amountPerHead: Double(byteCount),
            of: .bandwidth)
    }
}
