internal import CKernels
package import PipelineTypes

/// A run of tokens of one request whose attention is computed together, for one KV head.
package struct AttentionRun {
    /// Matrix [tokens][group · headSize] of rotated queries, as `LayerKernels.rotate` leaves them.
    package var queries: Rows
    /// The columns of this KV head's query heads.
    package var out: Rows
    /// The row of the first token in both.
    package var firstToken: Int
    package var tokens: Int
    /// Of the first token.
    package var position: Int
    /// The request's pages.
    package var pageTable: [PageID]
    /// This layer's and KV head's keys and values in page 0.
    package var pages: UnsafeMutablePointer<UInt8>
    /// Bytes from a group of this head's pages to the next; see `KVPageLayout`.
    package var groupStride: Int
    package var shape: HeadShape

    package init(
        queries: Rows, out: Rows, firstToken: Int, tokens: Int, position: Int,
        pageTable: [PageID], pages: UnsafeMutablePointer<UInt8>, groupStride: Int, shape: HeadShape
    ) {
        self.queries = queries
        self.out = out
        self.firstToken = firstToken
        self.tokens = tokens
        self.position = position
        self.pageTable = pageTable
        self.pages = pages
        self.groupStride = groupStride
        self.shape = shape
    }

    package var segmentCount: Int {
        Self.segmentCount(positions: position + tokens)
    }

    /// Runs of pages at fixed positions whose keys meet in one softmax, before that meets the
    /// others'; so many positions reach into so many of them.
    package static func segmentCount(positions: Int) -> Int {
        pk_attention_segments(positions)
    }
}

/// How a layer's queries, keys and values are divided into heads.
package struct HeadShape: Sendable {
    package var heads: Int
    package var kvHeads: Int
    package var headSize: Int

    package init(heads: Int, kvHeads: Int, headSize: Int) {
        precondition(kvHeads > 0 && heads % kvHeads == 0)
        precondition(headSize % 2 == 0 && headSize <= Int(PK_HEAD_SIZE_MAX))
        self.heads = heads
        self.kvHeads = kvHeads
        self.headSize = headSize
    }

    /// Query heads that share a KV head.
    package var group: Int {
        heads / kvHeads
    }

    /// Numbers in one token's queries, keys and values.
    package var qkvSize: Int {
        (heads + 2 * kvHeads) * headSize
    }

    /// Floats of scratch memory that attention of so many tokens needs.
    package func attentionScratchCount(tokens: Int) -> Int {
        2 * attentionPartCount(tokens: tokens)
    }

    /// Floats of what one segment of the keys gives for so many tokens.
    package func attentionPartCount(tokens: Int) -> Int {
        pk_attention_part(tokens * group, headSize)
    }
}
