/// A timeline in Chrome's trace event format, which Perfetto and chrome://tracing show. What is
/// written of a pipeline that keeps `TraceLaws` is read back exactly.
///
/// The text is an object with an event on each line. Times are microseconds after the first
/// dispatch, with three decimals, which keep the nanosecond. For each microbatch, in the order of
/// dispatch:
/// - `b` and `e`, an asynchronous event of category `microbatch`: dispatch and completion, with the
///   chunks in full as triples of request, first position and the position after the last;
/// - one `X` of category `compute` for each stage, on that stage's thread: the time in which it
///   computed, when the microbatch had arrived, and how long its send waited for an earlier one.
///
/// `otherData` holds what the events do not: the source of the times, the number of stages, how
/// many microbatches may be in flight, how many were dropped, the instant of the first dispatch.
package enum ChromeTrace {
    static let format = "penstock timeline"
    static let version = 1
    static let computeCategory = "compute"
    static let microbatchCategory = "microbatch"

    /// 100 days in nanoseconds: instants further from the first dispatch would lose digits in a
    /// double, and are not read back.
    package static let spanNanosecondsMax: Int64 = 100 * 86400 * 1_000_000_000

    /// The whole trace.
    package static func text(_ timeline: Timeline) -> String {
        var bytes: [UInt8] = []
        write(timeline) { bytes += $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes the trace in pieces of about a megabyte, so that a long one need not be in memory.
    package static func write<Failure: Error>(
        _ timeline: Timeline, to sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var writer = ChromeTraceWriter(timeline)
        writer.writeHead()
        for microbatch in timeline.microbatches {
            writer.write(microbatch)
            if writer.bytes.count >= 1 << 20 { try sink(writer.takeBytes()) }
        }
        writer.writeEnd()
        try sink(writer.takeBytes())
    }
}
