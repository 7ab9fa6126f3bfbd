import JSON
import PipelineTypes

/// Words a timeline as trace events.
struct ChromeTraceWriter {
    private(set) var bytes: [UInt8] = []
    private let timeline: Timeline
    /// The instant from which the trace counts.
    private let origin: Int64
    private var isFirstEvent = true

    /// Chunks that the event of a stage names; the microbatch's own names all.
    private static let namedChunksMax = 4

    init(_ timeline: Timeline) {
        self.timeline = timeline
        origin = timeline.microbatches.first?.dispatched.nanoseconds ?? 0
    }

    mutating func takeBytes() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    mutating func writeHead() {
        var details: JSONObject = [
            "format": .string(ChromeTrace.format), "version": .integer(ChromeTrace.version),
            "source": .string(timeline.source.rawValue), "stages": .integer(timeline.stageCount),
        ]
        details["microbatchesInFlightMax"] = timeline.microbatchesInFlightMax.map { .integer($0) }
        details["droppedMicrobatches"] = .integer(timeline.droppedCount)
        details["originNanoseconds"] = .integer(Int(origin))
        bytes.append("{\"displayTimeUnit\":\"ms\",\"otherData\":")
        JSONValue.object(details).append(to: &bytes)
        bytes.append(",\"traceEvents\":[")
        writeName("process_name", thread: nil, "penstock (\(timeline.source.rawValue))")
        writeName("thread_name", thread: 0, "microbatches in flight")
        for stage in 0..<timeline.stageCount {
            writeName("thread_name", thread: stage + 1, "stage \(stage)")
        }
    }

    mutating func write(_ microbatch: MicrobatchSpan) {
        writeFlight("b", microbatch, at: microbatch.dispatched)
        bytes.append(",\"args\":{\"tokens\":")
        bytes.append(Int64(microbatch.tokenCount))
        bytes.append(",\"chunks\":[")
        for (index, chunk) in microbatch.chunks.enumerated() {
            bytes.append(index == 0 ? "[" : ",[")
            bytes.append(unsigned: chunk.request.rawValue)
            bytes.append(",")
            bytes.append(Int64(chunk.positions.lowerBound))
            bytes.append(",")
            bytes.append(Int64(chunk.positions.upperBound))
            bytes.append("]")
        }
        bytes.append("]}}")
        let label = label(microbatch)
        for (stage, timing) in microbatch.stages.enumerated() {
            write(timing, of: microbatch.id, on: stage, label)
        }
        writeFlight("e", microbatch, at: microbatch.completed)
        bytes.append("}")
    }

    mutating func writeEnd() {
        bytes.append("\n]}\n")
    }

    // MARK: Events

    private mutating func beginEvent() {
        bytes.append(isFirstEvent ? "\n" : ",\n")
        isFirstEvent = false
    }

    private mutating func writeName(_ kind: String, thread: Int?, _ name: String) {
        beginEvent()
        var event: JSONObject = ["ph": "M", "pid": 0, "name": .string(kind)]
        event["tid"] = thread.map { .integer($0) }
        event["args"] = ["name": .string(name)]
        JSONValue.object(event).append(to: &bytes)
    }

    /// One end of a microbatch's time in flight, without its closing brace.
    private mutating func writeFlight(
        _ phase: StaticString, _ microbatch: MicrobatchSpan, at instant: Instant
    ) {
        beginEvent()
        bytes.append("{\"ph\":\"")
        bytes.append(phase)
        bytes.append("\",\"pid\":0,\"tid\":0,\"ts\":")
        append(instant)
        bytes.append(",\"cat\":\"microbatch\",\"name\":\"microbatch\",\"id\":")
        bytes.append(unsigned: microbatch.id.rawValue)
    }

    private mutating func write(
        _ timing: StageTiming, of microbatch: MicrobatchID, on stage: Int, _ label: [UInt8]
    ) {
        beginEvent()
        bytes.append("{\"ph\":\"X\",\"pid\":0,\"tid\":")
        bytes.append(Int64(stage + 1))
        bytes.append(",\"ts\":")
        append(timing.computeBegan)
        bytes.append(",\"dur\":")
        let end = timing.computeEnded.nanoseconds
        bytes.append(end - timing.computeBegan.nanoseconds, decimals: 3)
        bytes.append(",\"cat\":\"compute\",\"args\":{\"microbatch\":")
        bytes.append(unsigned: microbatch.rawValue)
        bytes.append(",\"arrived\":")
        append(timing.received)
        bytes.append(",\"sendWait\":")
        bytes.append(timing.sendWaitNanoseconds, decimals: 3)
        bytes += label
    }

    /// What the events of all stages say of a microbatch, and the end of the event.
    private func label(_ microbatch: MicrobatchSpan) -> [UInt8] {
        var label: [UInt8] = []
        label.append(",\"tokens\":")
        label.append(Int64(microbatch.tokenCount))
        label.append(",\"chunks\":\"")
        for (index, chunk) in microbatch.chunks.prefix(Self.namedChunksMax).enumerated() {
            if index > 0 { label.append(", ") }
            label.append(unsigned: chunk.request.rawValue)
            label.append(": ")
            label.append(Int64(chunk.positions.lowerBound))
            label.append("..<")
            label.append(Int64(chunk.positions.upperBound))
        }
        let others = microbatch.chunks.count - Self.namedChunksMax
        if others > 0 {
            label.append(" and ")
            label.append(Int64(others))
            label.append(" more")
        }
        label.append("\"},\"name\":\"")
        if let request = microbatch.mainChunk?.request {
            label.append("request ")
            label.append(unsigned: request.rawValue)
        } else {
            label.append("nothing")
        }
        label.append("\"}")
        return label
    }

    /// Microseconds after the origin.
    private mutating func append(_ instant: Instant) {
        bytes.append(instant.nanoseconds - origin, decimals: 3)
    }
}

extension MicrobatchSpan {
    /// The chunk with the most tokens, the first of such.
    var mainChunk: ChunkSpan? {
        var main = chunks.first
        for chunk in chunks where chunk.positions.count > main?.positions.count ?? 0 {
            main = chunk
        }
        return main
    }
}
