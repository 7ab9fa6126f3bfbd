package import PipelineTypes

/// One stage of a model whose every token depends on every earlier token through the KV pages, and
/// on nothing else: if a row, a page, a layer or an order is wrong anywhere, so is all that
/// follows. Activations are whole numbers below 256, which every wire type carries exactly.
package struct HashModel {
    package static let vocabularySize: UInt64 = 50_000

    private let layers: Range<Int>
    private let layerCount: Int
    private let hiddenSize: Int
    private let pageCount: Int
    /// One number for each layer and position: the hash of all that came before.
    private var cache: [UInt64]

    package init(layers: Range<Int>, layerCount: Int, hiddenSize: Int, pageCount: Int) {
        self.layers = layers
        self.layerCount = layerCount
        self.hiddenSize = hiddenSize
        self.pageCount = pageCount
        cache = [UInt64](repeating: 0xDEAD, count: layers.count * pageCount * Page.size)
    }

    package mutating func forward(
        _ microbatch: Microbatch, input: Span<Float>, output: inout MutableSpan<Float>
    ) -> [ChunkResult] {
        var row = [UInt8](repeating: 0, count: hiddenSize)
        var base = 0
        var results: [ChunkResult] = []
        for chunk in microbatch.chunks {
            var result = ChunkResult(request: chunk.request, sampled: nil)
            for (index, token) in chunk.tokens.enumerated() {
                let isFirstStage = layers.lowerBound == 0
                for column in 0..<hiddenSize {
                    row[column] =
                        isFirstStage
                        ? UInt8(truncatingIfNeeded: Self.mix(UInt64(token) &+ UInt64(column)))
                        : UInt8(exactly: input[base + column]) ?? 255
                }
                for layer in layers {
                    apply(layer, to: &row, position: chunk.start + index, pages: chunk.pages)
                }
                if layers.upperBound == layerCount {
                    score(row, index, of: chunk, into: &result)
                } else {
                    for column in 0..<hiddenSize { output[base + column] = Float(row[column]) }
                }
                base += hiddenSize
            }
            results.append(result)
        }
        return results
    }

    private mutating func apply(
        _ layer: Int, to row: inout [UInt8], position: Int, pages: [PageID]
    ) {
        let before = position == 0 ? 1 : cache[slot(layer, position - 1, pages)]
        let state = Self.mix(before &+ Self.digest(row) &+ UInt64(layer) << 32)
        cache[slot(layer, position, pages)] = state
        for column in row.indices {
            row[column] &+= UInt8(truncatingIfNeeded: state >> UInt64(8 * (column % 8)))
        }
    }

    private func slot(_ layer: Int, _ position: Int, _ pages: [PageID]) -> Int {
        let page = Int(pages[position / Page.size].rawValue)
        return ((layer - layers.lowerBound) * pageCount + page) * Page.size + position % Page.size
    }

    private func score(
        _ row: [UInt8], _ index: Int, of chunk: Chunk, into result: inout ChunkResult
    ) {
        let digest = Self.digest(row)
        if let step = chunk.outputs.promptLogprobs, index >= step.firstRow,
            index - step.firstRow < step.targets.count
        {
            let target = step.targets[index - step.firstRow]
            result.promptLogprobs.append(
                ScoredToken(token: target, logprob: Self.logprob(digest &+ UInt64(target))))
        }
        if let step = chunk.outputs.sampling, index == chunk.tokens.count - 1 {
            let token = Self.mix(digest &+ step.seed) % Self.vocabularySize
            result.sampled = ScoredToken(token: TokenID(token), logprob: Self.logprob(digest))
        }
    }

    private static func logprob(_ number: UInt64) -> Float {
        -Float(mix(number) % 1000) / 64
    }

    private static func digest(_ row: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in row { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }

    private static func mix(_ number: UInt64) -> UInt64 {
        var mixed = number &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension HashModel {
    /// What one process without a pipeline, chunks or neighbours generates.
    package static func oracle(
        prompt: [TokenID], newTokens: Int, seed: UInt64, layerCount: Int, hiddenSize: Int
    ) -> [ScoredToken] {
        let pageCount = Page.count(for: prompt.count + newTokens)
        var model = HashModel(
            layers: 0..<layerCount, layerCount: layerCount, hiddenSize: hiddenSize,
            pageCount: pageCount)
        let pages = (0..<pageCount).map { PageID(UInt32($0)) }
        var generated: [ScoredToken] = []
        var start = 0
        var tokens = prompt
        while generated.count < newTokens {
            let sampling = SamplingStep(
                temperature: 0, topP: 1, topK: nil, minP: 0, seed: seed, logitBias: [],
                penalties: nil, logprobs: LogprobSelection())
            let chunk = Chunk(
                request: RequestID(0), start: start, tokens: tokens, pages: pages,
                outputs: ChunkOutputs(sampling: sampling))
            var none: [Float] = []
            var output = none.mutableSpan
            let results = model.forward(
                Microbatch(id: MicrobatchID(0), chunks: [chunk]), input: [Float]().span,
                output: &output)
            guard let sampled = results.first?.sampled else { return generated }
            generated.append(sampled)
            start += tokens.count
            tokens = [sampled.token]
        }
        return generated
    }
}
