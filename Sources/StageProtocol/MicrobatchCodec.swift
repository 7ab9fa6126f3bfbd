package import PipelineTypes

/// Numbers beyond these are nonsense on the wire, and arithmetic below them cannot overflow.
package enum WireLimits {
    /// Positions of one request, rows of one chunk, choices of one selection.
    package static let positions = 1 << 40
}

extension Microbatch: WireCodable {
    package static var encodedByteCountMin: Int { 12 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(id.rawValue)
        writer.append(chunks)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(id: MicrobatchID(try reader.integer()), chunks: try reader.list())
    }
}

extension Chunk: WireCodable {
    package static var encodedByteCountMin: Int { 26 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(request.rawValue)
        writer.append(count: start)
        writer.append(tokens)
        writer.append(pages.map(\.rawValue))
        writer.append(outputs.sampling) { $0.append($1) }
        writer.append(outputs.promptLogprobs) { $0.append($1) }
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            request: RequestID(try reader.integer()),
            start: try reader.count("chunk start", max: WireLimits.positions),
            tokens: try reader.numbers(),
            pages: try reader.numbers().map(PageID.init),
            outputs: ChunkOutputs(
                sampling: try reader.optional { reader throws(CodecError) in try reader.value() },
                promptLogprobs: try reader.optional { reader throws(CodecError) in
                    try reader.value()
                }))
        guard !tokens.isEmpty else { throw .inconsistent("a chunk without tokens") }
        guard pages.count >= Page.count(for: end) else {
            throw .inconsistent("a chunk with positions beyond its pages")
        }
        guard let step = outputs.promptLogprobs else { return }
        guard step.firstRow + step.targets.count <= tokens.count else {
            throw .inconsistent("scores wanted for rows that the chunk does not have")
        }
    }
}

extension SamplingStep: WireCodable {
    package static var encodedByteCountMin: Int { 27 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(temperature)
        writer.append(topP)
        writer.append(topK) { $0.append(count: $1) }
        writer.append(minP)
        writer.append(seed)
        writer.append(logitBias)
        writer.append(penalties) { $0.append($1) }
        writer.append(logprobs) { $0.append($1) }
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            temperature: try reader.float(), topP: try reader.float(),
            topK: try reader.optional { reader throws(CodecError) in
                try reader.count("top-k", max: WireLimits.positions)
            },
            minP: try reader.float(), seed: try reader.integer(), logitBias: try reader.list(),
            penalties: try reader.optional { reader throws(CodecError) in try reader.value() },
            logprobs: try reader.optional { reader throws(CodecError) in try reader.value() })
    }
}

extension TokenBias: WireCodable {
    package static var encodedByteCountMin: Int { 8 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(token)
        writer.append(bias)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(token: try reader.integer(), bias: try reader.float())
    }
}

extension PenaltyStep: WireCodable {
    package static var encodedByteCountMin: Int { 20 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(frequency)
        writer.append(presence)
        writer.append(repetition)
        writer.append(outputCounts)
        writer.append(promptTokens)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            frequency: try reader.float(), presence: try reader.float(),
            repetition: try reader.float(), outputCounts: try reader.list(),
            promptTokens: try reader.numbers())
    }
}

extension TokenCount: WireCodable {
    package static var encodedByteCountMin: Int { 8 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(token)
        writer.append(count)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(token: try reader.integer(), count: try reader.integer())
    }
}

extension LogprobSelection: WireCodable {
    package static var encodedByteCountMin: Int { 12 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(count: topCount)
        writer.append(tokens)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            topCount: try reader.count("number of top tokens", max: WireLimits.positions),
            tokens: try reader.numbers())
    }
}

extension PromptLogprobStep: WireCodable {
    package static var encodedByteCountMin: Int { 24 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(count: firstRow)
        writer.append(targets)
        writer.append(selection)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            firstRow: try reader.count("first scored row", max: WireLimits.positions),
            targets: try reader.numbers(), selection: try reader.value())
    }
}
