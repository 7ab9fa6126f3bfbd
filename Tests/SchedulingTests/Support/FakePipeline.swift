import PipelineTypes

/// Stages that compute `FakeModel`, each with pages of its own, each taking microbatches in the
/// order in which they come, at whatever pace the test wants.
struct FakePipeline {
    fileprivate struct Stage {
        var queue: [Microbatch] = []
        /// What was last written to each place of each page; 0 before.
        var pages: [[UInt64]]
    }

    private var stages: [Stage]

    init(limits: ServingLimits) {
        let page: [UInt64] = Array(repeating: 0, count: Page.size)
        let pages = Array(repeating: page, count: limits.pageCount)
        stages = Array(repeating: Stage(pages: pages), count: limits.stageCount)
    }

    /// The stages that have something to compute.
    var busyStages: [Int] {
        stages.indices.filter { !stages[$0].queue.isEmpty }
    }

    mutating func accept(_ microbatch: Microbatch) {
        stages[0].queue.append(microbatch)
    }

    /// Computes the next microbatch of one stage; the last stage returns the result.
    ///
    /// - Parameter history: the truth about a request.
    /// - Throws: a description of the first difference between that and what the pages hold.
    mutating func advance(
        stage index: Int, history: (RequestID) -> History
    ) throws(PipelineFault) -> MicrobatchResult? {
        let microbatch = stages[index].queue.removeFirst()
        var results: [ChunkResult] = []
        for chunk in microbatch.chunks {
            results.append(try stages[index].compute(chunk, history: history(chunk.request)))
        }
        guard index == stages.count - 1 else {
            stages[index + 1].queue.append(microbatch)
            return nil
        }
        return MicrobatchResult(id: microbatch.id, chunks: results, timings: [])
    }
}

/// The tokens of a request, as its client sent and saw them, and what they amount to.
struct History {
    private(set) var tokens: [TokenID] = []
    private(set) var contents: [UInt64] = []

    mutating func append(_ token: TokenID) {
        tokens.append(token)
        contents.append(FakeModel.content(of: token, after: contents.last))
    }
}

struct PipelineFault: Error, CustomStringConvertible {
    let description: String
}

extension FakePipeline.Stage {
    fileprivate mutating func compute(
        _ chunk: Chunk, history: History
    ) throws(PipelineFault) -> ChunkResult {
        let name = "request \(chunk.request.rawValue), positions \(chunk.start)..<\(chunk.end)"
        guard chunk.end <= history.tokens.count,
            history.tokens[chunk.start..<chunk.end].elementsEqual(chunk.tokens)
        else { throw PipelineFault(description: "\(name): these are not the request's tokens") }
        guard chunk.pages.count == Page.count(for: chunk.end) else {
            throw PipelineFault(description: "\(name): \(chunk.pages.count) pages")
        }
        for (offset, token) in chunk.tokens.enumerated() {
            let position = chunk.start + offset
            let previous = position == 0 ? nil : content(at: position - 1, chunk)
            let page = Int(chunk.pages[position / Page.size].rawValue)
            pages[page][position % Page.size] = FakeModel.content(of: token, after: previous)
        }
        for (index, page) in chunk.pages.enumerated() {
            let positions = index * Page.size..<min((index + 1) * Page.size, chunk.end)
            let held = pages[Int(page.rawValue)][..<positions.count]
            guard held == history.contents[positions] else {
                throw PipelineFault(description: "\(name): \(positions) are not in their page")
            }
        }
        return result(of: chunk)
    }

    private func content(at position: Int, _ chunk: Chunk) -> UInt64 {
        pages[Int(chunk.pages[position / Page.size].rawValue)][position % Page.size]
    }

    private func result(of chunk: Chunk) -> ChunkResult {
        let sampled = chunk.outputs.sampling.map {
            FakeModel.sample($0, at: content(at: chunk.end - 1, chunk))
        }
        var scores: [ScoredToken] = []
        if let step = chunk.outputs.promptLogprobs {
            for (offset, target) in step.targets.enumerated() {
                let row = chunk.start + step.firstRow + offset
                scores.append(FakeModel.score(of: target, at: content(at: row, chunk)))
            }
        }
        return ChunkResult(request: chunk.request, sampled: sampled, promptLogprobs: scores)
    }
}
