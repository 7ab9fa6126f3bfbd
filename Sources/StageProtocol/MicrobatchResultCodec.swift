package import PipelineTypes

extension MicrobatchResult: WireCodable {
    package static var encodedByteCountMin: Int { 16 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(id.rawValue)
        writer.append(chunks)
        writer.append(timings)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            id: MicrobatchID(try reader.integer()), chunks: try reader.list(),
            timings: try reader.list())
    }
}

extension ChunkResult: WireCodable {
    package static var encodedByteCountMin: Int { 14 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(request.rawValue)
        writer.append(sampled) { $0.append($1) }
        writer.append(promptLogprobs)
        writer.append(isFinite)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            request: RequestID(try reader.integer()),
            sampled: try reader.optional { reader throws(CodecError) in try reader.value() },
            promptLogprobs: try reader.list())
        isFinite = try reader.boolean()
    }
}

extension ScoredToken: WireCodable {
    package static var encodedByteCountMin: Int { 13 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(token)
        writer.append(logprob) { $0.append($1) }
        writer.append(top)
        writer.append(selected)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            token: try reader.integer(),
            logprob: try reader.optional { reader throws(CodecError) in try reader.float() },
            top: try reader.list(), selected: try reader.list())
    }
}

extension TokenLogprob: WireCodable {
    package static var encodedByteCountMin: Int { 8 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(token)
        writer.append(logprob)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(token: try reader.integer(), logprob: try reader.float())
    }
}

extension StageTiming: WireCodable {
    package static var encodedByteCountMin: Int { encodedByteCount }

    /// Every encoding is this long.
    package static let encodedByteCount = 56

    package func encode(into writer: inout ByteWriter) {
        writer.append(received)
        writer.append(computeBegan)
        writer.append(computeEnded)
        writer.append(sendWaitNanoseconds)
        writer.append(work.linear)
        writer.append(work.attention)
        writer.append(work.waiting)
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            received: try reader.instant(), computeBegan: try reader.instant(),
            computeEnded: try reader.instant(), sendWaitNanoseconds: try reader.integer(),
            work: ComputeTimes(
                linear: try reader.integer(), attention: try reader.integer(),
                waiting: try reader.integer()))
    }
}
