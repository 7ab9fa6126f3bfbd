/// A lower bound on the tokens of a text, from its bytes alone: no token stands for more of them
/// than the longest.
struct TokenCountBound: Sendable {
    /// Which bytes are sure to become a token or a part of one.
    private var counts = [Bool](repeating: false, count: 256)
    private let bytesPerTokenMax: Int
    private let normalizesText: Bool

    /// Form C makes text shorter by less than this factor: a character is composed of four at
    /// most, and of those that are, none shrinks to less than a third.
    private static let compositionFactor = 4
    /// Form C makes text longer by this factor at most (UAX 15, section 9.1).
    private static let expansionFactor = 3

    init(_ parts: TokenizerParts) {
        normalizesText = parts.normalizesText
        let longest = parts.vocabulary.bytesOfToken.lazy.map(\.count).max() ?? 1
        let factor = parts.normalizesText ? Self.expansionFactor : 1
        let longestAdded = parts.addedTokens.lazy.map { $0.text.utf8.count }.max() ?? 1
        bytesPerTokenMax = max(longest, longestAdded * factor, 1)

        let dropsMatches = parts.preTokenizer.splits.contains { $0.behavior == .removed }
        guard !dropsMatches else { return }
        // Some added tokens take along whatever white space there is beside them.
        let swallowsSpace = parts.addedTokens.contains { $0.stripsLeft || $0.stripsRight }
        for byte in UInt8.min...UInt8.max where !swallowsSpace || (0x21...0x7E).contains(byte) {
            counts[Int(byte)] = parts.encoder.hasToken(ofByte: byte)
        }
    }

    /// Tokens that `text` has at least.
    func tokenCountMin(of text: String) -> Int {
        var count = 0
        var mayCompose = false
        for byte in text.utf8 {
            if counts[Int(byte)] { count += 1 }
            // Text below U+0300 does not change in form C.
            if byte >= 0xCC { mayCompose = true }
        }
        if normalizesText, mayCompose {
            // Where not every byte counts, those that come out may be ones that do not.
            count = counts.contains(false) ? 0 : count / Self.compositionFactor
        }
        return count / bytesPerTokenMax + (count % bytesPerTokenMax == 0 ? 0 : 1)
    }
}
