import PipelineTypes

/// A model whose every token is a hash of all tokens before it, so that one wrong token, position
/// or page anywhere in a request's history changes all that follows.
package enum TokenModel {
    package static let vocabularySize: UInt64 = 4096

    /// What a position's keys and values stand for: its token, and all before it.
    static func content(of token: TokenID, after previous: UInt64) -> UInt64 {
        RandomStream.mix(previous ^ UInt64(token) &+ 1)
    }

    /// What comes before the first position.
    static let emptyContent: UInt64 = 0

    /// The token that follows a position.
    static func token(after content: UInt64, seed: UInt64) -> TokenID {
        TokenID(RandomStream.mix(content ^ seed << 32) % vocabularySize)
    }

    /// A text of any length.
    static func text(_ number: UInt64, _ positions: Range<Int>) -> [TokenID] {
        positions.map { TokenID(RandomStream.mix(number &+ UInt64($0)) % vocabularySize) }
    }
}
