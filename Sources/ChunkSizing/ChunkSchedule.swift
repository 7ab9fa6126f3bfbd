/// How a prompt is cut, and what the cost model says of it.
package struct ChunkSchedule: Hashable, Sendable {
    /// Ascending: the first uncomputed position, every chunk's end. All but the first and the
    /// last are multiples of the page size.
    package var cuts: [Int]
    /// Seconds from the first chunk's start to the last one's end on the last stage.
    package var makespan: Double

    package init(cuts: [Int], makespan: Double) {
        self.cuts = cuts
        self.makespan = makespan
    }

    /// The same cuts, judged by a pipeline.
    package init(cuts: [Int], in pipeline: some SchedulePipeline) {
        self.init(cuts: cuts, makespan: pipeline.makespan(cuts: cuts))
    }

    package var chunkCount: Int {
        max(0, cuts.count - 1)
    }

    /// The chunks in their order.
    package var chunks: [Range<Int>] {
        zip(cuts, cuts.dropFirst()).map { $0..<$1 }
    }
}

/// What there is to cut, and where it may be.
package struct ChunkGrid: Hashable, Sendable {
    /// The positions to be computed; begins at a page boundary (a prefix cache holds pages).
    package var positions: Range<Int>
    /// Cuts fall on its multiples.
    package var pageSize: Int
    /// Tokens that one chunk may have at most; at least a page.
    package var chunkTokensMax: Int

    package init(positions: Range<Int>, pageSize: Int, chunkTokensMax: Int = .max) {
        precondition(pageSize > 0 && positions.lowerBound % pageSize == 0, "not on a page boundary")
        precondition(!positions.isEmpty, "there is nothing to cut")
        self.positions = positions
        self.pageSize = pageSize
        self.chunkTokensMax = max(pageSize, min(chunkTokensMax, positions.count + pageSize))
    }

    /// Cuts one chunk after the other, each with so many tokens as a rule has for its start; at
    /// least a page, and no more than allowed or than there are.
    package func cuts(_ tokens: (Int) -> Int) -> [Int] {
        var cuts = [positions.lowerBound]
        while let last = cuts.last, last < end {
            cuts.append(max(min(end, last + pageSize), reach(from: last, tokens: tokens(last))))
        }
        return cuts
    }

    var end: Int {
        positions.upperBound
    }

    var pageCount: Int {
        (positions.count + pageSize - 1) / pageSize
    }

    /// The chunks that no schedule can do without.
    var chunkCountMin: Int {
        let pages = chunkTokensMax / pageSize
        return (pageCount + pages - 1) / pages
    }

    /// The chunks that cuts may have: no fewer than there must be, no more than pages, and not so
    /// many that it takes long to follow them through the stages.
    ///
    /// - Parameter stepsMax: Chunks, times stages.
    func chunkCounts(stageCount: Int, stepsMax: Int) -> ClosedRange<Int> {
        let few = max(1, min(Self.chunkCountMax, stepsMax / stageCount))
        return chunkCountMin...max(chunkCountMin, min(pageCount, few))
    }

    /// More chunks save less than a few thousandths, whatever the prompt and the pipeline.
    private static let chunkCountMax = 1 << 20

    private func reach(from start: Int, tokens: Int) -> Int {
        reach(from: start, tokens: Double(tokens))
    }

    /// The last boundary that a chunk from `start` reaches with at most so many tokens; `start` if
    /// that is less than a page and not all there is.
    func reach(from start: Int, tokens: Double) -> Int {
        let limit = Double(min(chunkTokensMax, end - start))
        if tokens >= limit, limit == Double(end - start) { return end }
        return start + Int(min(tokens, limit)) / pageSize * pageSize
    }

    /// The boundary nearest to a position.
    func boundary(near position: Double) -> Int {
        let pages = Int((position / Double(pageSize)).rounded())
        return min(end, max(positions.lowerBound, pages * pageSize))
    }
}
