import JSON
import PipelineTypes

/// What a trace says of all its events.
struct TraceHeader {
    let source: Timeline.Source
    let stageCount: Int
    let microbatchesInFlightMax: Int?
    let droppedCount: Int
    /// The instant from which times count, in nanoseconds.
    let origin: Int64

    /// As many as any command takes; the time that bubbles take grows with their square.
    private static let stagesMax = 4096
    private static let countMax = 1 << 53
    /// Far enough from overflow for all sums and differences.
    private static let originMax = 1 << 61

    init(_ value: JSONValue) throws(TraceError) {
        let fields = try TraceFields(value, "otherData")
        guard try fields.text("format") == ChromeTrace.format else {
            throw fields.unexpected("format", "\"\(ChromeTrace.format)\"")
        }
        _ = try fields.integer("version", in: ChromeTrace.version...ChromeTrace.version)
        guard let source = Timeline.Source(rawValue: try fields.text("source")) else {
            let names = Timeline.Source.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.unexpected("source", "one of \(names)")
        }
        self.source = source
        stageCount = try fields.integer("stages", in: 1...Self.stagesMax)
        if fields.contains("microbatchesInFlightMax") {
            microbatchesInFlightMax = try fields.integer(
                "microbatchesInFlightMax", in: 1...Self.countMax)
        } else {
            microbatchesInFlightMax = nil
        }
        droppedCount = try fields.integer("droppedMicrobatches", in: 0...Self.countMax)
        origin = Int64(
            try fields.integer("originNanoseconds", in: -Self.originMax...Self.originMax))
    }
}

/// One event of a trace; times are nanoseconds after the origin.
enum TraceEvent {
    case dispatched(MicrobatchID, Int64, chunks: [ChunkSpan])
    case completed(MicrobatchID, Int64)
    case computed(MicrobatchID, stage: Int, ComputeSpan)
    /// Nothing that a timeline holds.
    case other

    struct ComputeSpan {
        /// Of the whole microbatch; nil where somebody left it out.
        var tokenCount: Int?
        var arrived: Int64
        var began: Int64
        var duration: Int64
        var sendWait: Int64

        var ended: Int64 {
            began + duration
        }

        func timing(origin: Int64) -> StageTiming {
            StageTiming(
                received: Instant(nanoseconds: origin + arrived),
                computeBegan: Instant(nanoseconds: origin + began),
                computeEnded: Instant(nanoseconds: origin + began + duration),
                sendWaitNanoseconds: sendWait)
        }
    }

    private static let positionsMax = 1 << 32
    private static let threadsMax = 1 << 16

    init(_ value: JSONValue) throws(TraceError) {
        let event = try TraceFields(value, "the event")
        let phase = try event.text("ph")
        let category = event.contains("cat") ? try event.text("cat") : ""
        switch (phase, category) {
        case ("X", ChromeTrace.computeCategory):
            let details = try event.fields("args")
            let span = ComputeSpan(
                tokenCount: try Self.tokens(details),
                arrived: try details.nanoseconds("arrived"), began: try event.nanoseconds("ts"),
                duration: try event.duration("dur"), sendWait: try details.duration("sendWait"))
            self = .computed(
                MicrobatchID(UInt64(try details.integer("microbatch", in: 0...Int.max))),
                stage: try event.integer("tid", in: 1...Self.threadsMax) - 1, span)
        case ("b", ChromeTrace.microbatchCategory):
            self = .dispatched(
                try Self.id(event), try event.duration("ts"),
                chunks: try Self.chunks(try event.fields("args")))
        case ("e", ChromeTrace.microbatchCategory):
            self = .completed(try Self.id(event), try event.duration("ts"))
        default:
            self = .other
        }
    }

    private static func id(_ event: TraceFields) throws(TraceError) -> MicrobatchID {
        MicrobatchID(UInt64(try event.integer("id", in: 0...Int.max)))
    }

    private static func chunks(_ details: TraceFields) throws(TraceError) -> [ChunkSpan] {
        var chunks: [ChunkSpan] = []
        for element in try details.elements("chunks") {
            guard element[2] != nil, element[3] == nil, case .integer(let request) = element[0],
                case .integer(let start) = element[1], case .integer(let end) = element[2],
                request >= 0, start >= 0, start < end, end <= positionsMax
            else {
                throw details.unexpected(
                    "chunks", "triples of request, first position and the position after the last")
            }
            chunks.append(ChunkSpan(request: RequestID(UInt64(request)), positions: start..<end))
        }
        let tokens = chunks.tokenCount
        guard try Self.tokens(details) ?? tokens == tokens else {
            throw details.unexpected("tokens", "\(tokens), as its chunks have")
        }
        return chunks
    }

    private static func tokens(_ details: TraceFields) throws(TraceError) -> Int? {
        guard details.contains("tokens") else { return nil }
        return try details.integer("tokens", in: 0...Int.max)
    }
}
