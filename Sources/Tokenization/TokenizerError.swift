package import PipelineTypes

/// Why a tokenizer cannot be built from a model's files.
package enum TokenizerError: Error, Hashable, Sendable {
    case invalidJSON(file: String, offset: Int, reason: String)
    case missingField(String)
    case wrongType(field: String, expected: String)
    /// A component of the tokenizer that would change its ids, and that this code does not know.
    case unsupported(component: String, name: String)
    case invalidPattern(String, reason: String)
    case emptyVocabulary
    case duplicateToken(String)
    case duplicateID(TokenID)
    case idOutOfRange(field: String, id: Int)
    case malformedMerge(index: Int)
    case mergeOfUnknownTokens(index: Int, merge: String)
    case addedTokenConflict(token: String, id: TokenID)
    case unknownToken(field: String, token: String)
    case countMismatch(tokens: Int, types: Int)
}

extension TokenizerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidJSON(let file, let offset, let reason):
            "\(file) is not valid JSON: \(reason) at byte \(offset)"
        case .missingField(let field):
            "the tokenizer lacks \(field)"
        case .wrongType(let field, let expected):
            "the tokenizer's \(field) must be \(expected)"
        case .unsupported(let component, let name):
            "the tokenizer's \(component) \"\(name)\" is not supported"
        case .invalidPattern(let pattern, let reason):
            "the tokenizer's pattern \"\(pattern)\" cannot be used: \(reason)"
        case .emptyVocabulary:
            "the tokenizer's vocabulary is empty"
        case .duplicateToken(let token):
            "the tokenizer's vocabulary has the token \"\(token)\" twice"
        case .duplicateID(let id):
            "the tokenizer's vocabulary has the id \(id) twice"
        case .idOutOfRange(let field, let id):
            "the tokenizer's \(field) has the id \(id), which is out of range"
        case .malformedMerge(let index):
            "merge \(index) of the tokenizer is not a pair of tokens"
        case .mergeOfUnknownTokens(let index, let merge):
            "merge \(index) of the tokenizer, \"\(merge)\", is not in its vocabulary"
        case .addedTokenConflict(let token, let id):
            "the tokenizer's added token \"\(token)\" has the id \(id) of another token"
        case .unknownToken(let field, let token):
            "the tokenizer's \(field) names the token \"\(token)\", which it does not have"
        case .countMismatch(let tokens, let types):
            "the tokenizer has \(tokens) tokens, but \(types) token types"
        }
    }
}
