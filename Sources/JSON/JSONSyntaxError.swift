/// Why a text is not JSON, or not such JSON as was asked for.
package struct JSONSyntaxError: Error, Equatable, Sendable {
    package enum Problem: Equatable, Sendable {
        /// A byte stands where something else must; nil is the end of the text.
        case unexpected(UInt8?, expected: Expectation)
        case tooDeep(levelsMax: Int)
        case tooManyValues(max: Int)
        case numberTooLong(byteCount: Int)
        /// A number that no double can hold, as it was written.
        case numberOutOfRange(String)
        case repeatedKey(String)
        /// An escape stands for one half of a surrogate pair, and the other half is missing.
        case loneSurrogate
        case invalidUTF8
    }

    package enum Expectation: String, Sendable {
        case value = "a value"
        case object = "'{'"
        case key = "a key"
        case colon = "':'"
        case commaOrBracket = "',' or ']'"
        case commaOrBrace = "',' or '}'"
        case digit = "a digit"
        case closingQuote = "'\"'"
        case plainCharacter = "a string without control characters"
        case escape = "an escape"
        case hexadecimalDigits = "four hexadecimal digits"
        case end = "the end of the document"
    }

    package let problem: Problem
    /// Bytes before the place of the error.
    package let offset: Int
}

extension JSONSyntaxError {
    /// What is wrong, as part of a sentence and without the place.
    package var message: String {
        switch problem {
        case .unexpected(let byte, let expected): Self.message(byte, expected)
        case .tooDeep(let levelsMax): "nested more than \(levelsMax) levels deep"
        case .tooManyValues(let max): "more than \(max) values"
        case .numberTooLong(let byteCount): "a number of \(byteCount) characters"
        case .numberOutOfRange(let text): "the number \(text) is out of range"
        case .repeatedKey(let key): "the key \"\(key)\" occurs twice in one object"
        case .loneSurrogate: "an escape is half of a surrogate pair"
        case .invalidUTF8: "a string is not valid UTF-8"
        }
    }

    private static func message(_ byte: UInt8?, _ expected: Expectation) -> String {
        switch expected {
        case .value where byte == nil: "unexpected end of the text"
        case .key: "expected a key in quotes"
        case .closingQuote: "a string does not end"
        case .plainCharacter: "a control character in a string must be escaped"
        case .escape where byte == nil: "a string does not end"
        case .escape: "unknown escape in a string"
        case .end: "unexpected text after the value"
        default: "expected \(expected.rawValue)"
        }
    }
}
