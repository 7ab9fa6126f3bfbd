import JSON

extension ChromeTrace {
    /// The timeline of a trace that was written here. Others may have formatted it anew, sorted its
    /// events, and added events of other categories. What no pipeline can have done is refused.
    package static func timeline(of bytes: [UInt8]) throws(TraceError) -> Timeline {
        var reader = try ChromeTraceReader(bytes)
        return try reader.timeline()
    }

    /// The timeline of a trace that was written here.
    package static func parse(_ text: String) throws(TraceError) -> Timeline {
        try timeline(of: Array(text.utf8))
    }
}

/// Reads a trace event by event, and puts the microbatches together.
struct ChromeTraceReader {
    private let bytes: [UInt8]
    private var members: JSONObjectReader
    private var header: TraceHeader?
    private var assembly = TraceAssembly()
    private var hasEvents = false

    init(_ bytes: [UInt8]) throws(TraceError) {
        self.bytes = bytes
        do {
            members = try JSONObjectReader(bytes, Self.options)
        } catch {
            let isList = error.offset < bytes.count && bytes[error.offset] == UInt8(ascii: "[")
            throw TraceError(
                line: Self.line(at: error.offset, in: bytes),
                "a trace of Penstock is a JSON object with 'otherData' and 'traceEvents'"
                    + (isList ? ", this is a list" : ""))
        }
    }

    private static let options = JSONParsingOptions(
        valuesMax: .max, loneSurrogates: .replaced, allowsByteOrderMark: true)

    mutating func timeline() throws(TraceError) -> Timeline {
        while let key = try onJSON({ reader throws(JSONSyntaxError) in try reader.nextKey() }) {
            switch key {
            case "traceEvents" where members.beginArray():
                hasEvents = true
                while let event = try onJSON({ reader throws(JSONSyntaxError) in
                    try reader.nextElement()
                }) {
                    try take(event)
                }
            case "otherData":
                let value = try value()
                header = try placed { () throws(TraceError) in try TraceHeader(value) }
            case "traceEvents":
                throw TraceError(line: line(at: members.offset), "'traceEvents' must be a list")
            default:
                _ = try value()
            }
        }
        guard let header else {
            throw TraceError("'otherData' is missing: this is no trace of Penstock")
        }
        guard hasEvents else { throw TraceError("'traceEvents' is missing") }
        do throws(TraceAssembly.Failure) {
            return try assembly.timeline(header)
        } catch {
            throw TraceError(line: line(at: error.offset), error.message)
        }
    }

    private mutating func take(_ value: JSONValue) throws(TraceError) {
        let event = try placed { () throws(TraceError) in try TraceEvent(value) }
        assembly.add(event, at: members.offset)
    }

    private mutating func value() throws(TraceError) -> JSONValue {
        try onJSON { reader throws(JSONSyntaxError) in try reader.value() }
    }

    private mutating func onJSON<Value>(
        _ body: (inout JSONObjectReader) throws(JSONSyntaxError) -> Value
    ) throws(TraceError) -> Value {
        do { return try body(&members) } catch { throw Self.error(error, in: bytes) }
    }

    /// Adds the line to errors about what was read last.
    private func placed<Value>(
        _ body: () throws(TraceError) -> Value
    ) throws(TraceError) -> Value {
        do {
            return try body()
        } catch {
            throw TraceError(line: line(at: members.offset), error.message)
        }
    }

    private static func error(_ error: JSONSyntaxError, in bytes: [UInt8]) -> TraceError {
        TraceError(line: line(at: error.offset, in: bytes), "not JSON: \(error.message)")
    }

    private func line(at offset: Int) -> Int {
        Self.line(at: offset, in: bytes)
    }

    private static func line(at offset: Int, in bytes: [UInt8]) -> Int {
        1 + bytes.prefix(offset).count { $0 == UInt8(ascii: "\n") }
    }
}
