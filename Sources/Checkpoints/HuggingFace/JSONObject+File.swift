import JSON

extension JSONObject {
    /// Python writes `NaN` and `Infinity` into configurations. A tensor that is there twice would
    /// hide one of the two.
    private static let options = JSONParsingOptions(
        repeatedKeys: .refused, loneSurrogates: .replaced, allowsNonFiniteNumbers: true)

    /// The object that a text from `file` must be.
    init(parsing bytes: UnsafeRawBufferPointer, file: String) throws(CheckpointError) {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: Array(bytes), Self.options)
        } catch {
            throw CheckpointError(error, file: file)
        }
        guard case .object(let object) = value else {
            throw CheckpointError(
                file: file, .malformed(expected: "a JSON object", found: value.kind))
        }
        self = object
    }
}

extension CheckpointError {
    init(_ error: JSONSyntaxError, file: String) {
        self.init(
            file: file, subject: "byte \(error.offset) of the JSON text",
            .malformed(expected: error.problem.expected, found: error.problem.found))
    }
}

extension JSONSyntaxError.Problem {
    fileprivate var expected: String {
        switch self {
        case .unexpected(_, let expected): expected.rawValue
        case .tooDeep(let levelsMax): "at most \(levelsMax) levels"
        case .tooManyValues(let max): "at most \(max) values"
        case .numberTooLong: "a number"
        case .numberOutOfRange: "a number in range"
        case .repeatedKey: "each key once"
        case .loneSurrogate: "a pair of surrogates"
        case .invalidUTF8: "a string in UTF-8"
        }
    }

    fileprivate var found: String {
        switch self {
        case .unexpected(nil, _): "the end of the document"
        case .unexpected(let byte?, _) where byte < 0x80: "'\(Unicode.Scalar(byte))'"
        case .unexpected(let byte?, _): "byte 0x\(String(byte, radix: 16))"
        case .tooDeep, .tooManyValues: "more"
        case .numberTooLong(let byteCount): "\(byteCount) characters"
        case .numberOutOfRange(let text): text
        case .repeatedKey(let key): "another \"\(key)\""
        case .loneSurrogate: "half of one"
        case .invalidUTF8: "other bytes"
        }
    }
}
