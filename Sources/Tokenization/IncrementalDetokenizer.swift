package import PipelineTypes

/// Turns tokens into text one at a time. A character whose bytes are spread over several tokens
/// comes out whole, with the last of them; the pieces together are what `Tokenizer.decode` makes of
/// all the tokens.
package struct IncrementalDetokenizer: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecialTokens: Bool
    /// The beginning of a character: at most three bytes between calls.
    private var pending: [UInt8] = []

    package init(tokenizer: Tokenizer, skipSpecialTokens: Bool) {
        self.tokenizer = tokenizer
        self.skipSpecialTokens = skipSpecialTokens
    }

    /// The text that is complete with this token; often none.
    package mutating func append(_ token: TokenID) -> String {
        if skipSpecialTokens && tokenizer.isSpecial(token) { return "" }
        pending += tokenizer.bytes(of: token)
        let length = pending.count - UTF8.unfinishedSuffixLength(of: pending)
        let text = String(decoding: pending[..<length], as: UTF8.self)
        pending.removeFirst(length)
        return text
    }

    /// The text of a character that never became whole.
    package mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }
}

extension UTF8 {
    /// How many bytes at the end of `bytes` begin a character that further bytes may complete.
    static func unfinishedSuffixLength(of bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let suffix = bytes.suffix(length)
            guard let lead = suffix.first, !isContinuation(lead) else { continue }
            return isUnfinished(lead: lead, second: suffix.dropFirst().first, length: length)
                ? length : 0
        }
        return 0
    }

    /// Whether `length` bytes, continuation bytes all but the first, are too few for the character
    /// that they begin (Unicode, table 3-7).
    private static func isUnfinished(lead: UInt8, second: UInt8?, length: Int) -> Bool {
        let second = second ?? 0xFF
        let isAlone = length == 1
        return switch lead {
        case 0xC2...0xDF: isAlone
        case 0xE0: isAlone || (length == 2 && second >= 0xA0)
        case 0xED: isAlone || (length == 2 && second <= 0x9F)
        case 0xE1...0xEF: length <= 2
        case 0xF0: isAlone || second >= 0x90
        case 0xF4: isAlone || second <= 0x8F
        case 0xF1...0xF3: true
        default: false
        }
    }
}
