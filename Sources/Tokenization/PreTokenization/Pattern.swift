import CPCRE2

/// A regular expression, compiled for matching UTF-8 in place.
///
/// `@unchecked Sendable`: PCRE2 only reads a compiled pattern and a match context, and both are
/// made once and released in `deinit`; all that matching writes is in the caller's scratch.
final class Pattern: @unchecked Sendable {
    /// Steps of backtracking that one match may take. Patterns of tokenizers need a few for each
    /// character; a pattern that explodes gives up here after about a second.
    private static let matchLimit: UInt32 = 100_000_000

    private let code: OpaquePointer
    private let context: OpaquePointer

    /// Compiles a pattern in PCRE2's dialect, which must not match the empty string.
    init(_ pattern: String) throws(TokenizerError) {
        let source = Array(pattern.utf8)
        var error: Int32 = 0
        var errorOffset = 0
        guard let code = cpcre2_compile(source, source.count, &error, &errorOffset) else {
            throw .invalidPattern(
                pattern, reason: "\(Self.message(for: error)) at byte \(errorOffset)")
        }
        guard let context = cpcre2_create_context(Self.matchLimit) else {
            fatalError("no memory for a match context of PCRE2")
        }
        self.code = code
        self.context = context
        guard cpcre2_matches_empty(code) == 0 else {
            throw .invalidPattern(pattern, reason: "it matches the empty string")
        }
    }

    deinit {
        cpcre2_free(code)
        cpcre2_free_context(context)
    }

    private static func message(for error: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 256)
        cpcre2_message(error, &text, text.count)
        return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Where the pattern first matches in text[range]. It sees the end of the text at the end of
    /// the range. Both bounds of the range lie between characters.
    func firstMatch(
        in text: [UInt8], _ range: Range<Int>, scratch: borrowing MatchScratch
    ) -> Range<Int>? {
        let match = cpcre2_first_match(
            code, text, range.lowerBound, range.upperBound, scratch.data, context)
        return match.status > 0 ? match.start..<match.end : nil
    }
}

/// Working memory for matching, of any number of patterns but of one thread.
struct MatchScratch: ~Copyable {
    fileprivate let data: OpaquePointer

    init() {
        guard let data = cpcre2_create_scratch() else {
            fatalError("no memory for the match data of PCRE2")
        }
        self.data = data
    }

    deinit {
        cpcre2_free_scratch(data)
    }
}
