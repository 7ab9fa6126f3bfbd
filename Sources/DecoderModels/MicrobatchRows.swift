import PipelineTypes

/// Where each row of a microbatch's activations belongs.
struct MicrobatchRows {
    /// One row: a token of one chunk.
    struct Row {
        var token: TokenID
        var position: Int
        /// The page that holds the position, and the place in it.
        var page: PageID
        var slot: Int
    }

    /// A run of one chunk's tokens whose attention is computed together for one KV head.
    struct AttentionTask {
        var chunk: Int
        /// The row of the first token.
        var row: Int
        var tokens: Int
        var position: Int
        var kvHead: Int

        /// Keys that all tokens see together.
        var work: Int {
            tokens * (position + tokens)
        }
    }

    let rows: [Row]
    /// The row of each chunk's first token.
    let firstRows: [Int]
    /// The heaviest first, so that no worker is left with one at the end.
    let attentionTasks: [AttentionTask]
    /// Pages that begin in this microbatch.
    let newPages: [PageID]

    /// - Parameter tokensPerTask: bounds the tokens of one attention task.
    init(_ microbatch: Microbatch, kvHeads: Int, tokensPerTask: Int) {
        var rows: [Row] = []
        rows.reserveCapacity(microbatch.tokenCount)
        var firstRows: [Int] = []
        var tasks: [AttentionTask] = []
        var newPages: [PageID] = []
        for (index, chunk) in microbatch.chunks.enumerated() {
            firstRows.append(rows.count)
            for first in stride(from: 0, to: chunk.tokens.count, by: tokensPerTask) {
                for head in 0..<kvHeads {
                    tasks.append(
                        AttentionTask(
                            chunk: index, row: rows.count + first,
                            tokens: min(tokensPerTask, chunk.tokens.count - first),
                            position: chunk.start + first, kvHead: head))
                }
            }
            for (offset, token) in chunk.tokens.enumerated() {
                let (page, slot) = (chunk.start + offset).quotientAndRemainder(
                    dividingBy: Page.size)
                if slot == 0 { newPages.append(chunk.pages[page]) }
                rows.append(
                    Row(
                        token: token, position: chunk.start + offset, page: chunk.pages[page],
                        slot: slot))
            }
        }
        self.rows = rows
        self.firstRows = firstRows
        self.newPages = newPages
        attentionTasks = tasks.sorted { $0.work > $1.work }
    }
}
