import JSON

/// One object of a trace, whose fields are read with errors that name them.
struct TraceFields {
    private let object: JSONObject
    private let name: String

    /// - Parameter name: what to call the object where it is none.
    init(_ value: JSONValue, _ name: String) throws(TraceError) {
        guard case .object(let object) = value else {
            throw TraceError("\(name) must be an object")
        }
        self.object = object
        self.name = name
    }

    func fields(_ key: String) throws(TraceError) -> TraceFields {
        try TraceFields(object[key] ?? .null, "'\(key)' of \(name)")
    }

    func contains(_ key: String) -> Bool {
        object.contains(key)
    }

    func text(_ key: String) throws(TraceError) -> String {
        guard case .string(let text) = object[key] else { throw unexpected(key, "a string") }
        return text
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(TraceError) -> Int {
        guard case .integer(let value) = object[key], range.contains(value) else {
            throw unexpected(
                key, "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The nanoseconds of a number of microseconds within 100 days of zero.
    func nanoseconds(_ key: String) throws(TraceError) -> Int64 {
        switch object[key] {
        case .integer(let value) where value.magnitude <= Self.microsecondsMax:
            return Int64(value) * 1000
        case .number(let value) where value.magnitude <= Double(Self.microsecondsMax):
            // The whole part and the rest are exact; a product would not be.
            let whole = value.rounded(.towardZero)
            return Int64(whole) * 1000 + Int64(((value - whole) * 1000).rounded())
        case .integer, .number:
            throw TraceError("'\(key)' of \(name) is more than 100 days")
        default:
            throw unexpected(key, "a number")
        }
    }

    /// The same for what is no less than 0: a duration, or an instant after the first dispatch.
    func duration(_ key: String) throws(TraceError) -> Int64 {
        let value = try nanoseconds(key)
        guard value >= 0 else { throw unexpected(key, "at least 0") }
        return value
    }

    func elements(_ key: String) throws(TraceError) -> [JSONValue] {
        guard case .array(let elements) = object[key] else { throw unexpected(key, "a list") }
        return elements
    }

    func unexpected(_ key: String, _ expected: String) -> TraceError {
        let got =
            object[key].map { value in
                let quoted = value.encodedBytes.prefix(Self.quotedMax)
                return "got \(String(decoding: quoted, as: UTF8.self))"
            } ?? "which is missing"
        return TraceError("'\(key)' of \(name) must be \(expected), \(got)")
    }

    private static let quotedMax = 40
    private static let microsecondsMax = UInt(ChromeTrace.spanNanosecondsMax / 1000)
}
