import PipelineTypes

/// A token that is recognised in text before the text is split and encoded.
struct AddedToken: Hashable, Sendable {
    var id: TokenID
    var text: String
    /// Left out by decoding that skips special tokens.
    var isSpecial: Bool
    /// Takes the white space before it along.
    var stripsLeft = false
    /// Takes the white space after it along.
    var stripsRight = false
    /// Not recognised inside a word.
    var isSingleWord = false
    /// Recognised in normalized text, in its own normalized form.
    var isNormalized = false
}
