/// A piece of a template's source.
struct Token: Equatable {
    var kind: Kind
    var line: Int

    enum Kind: Equatable {
        /// Text outside of tags, white space control applied.
        case data(String)
        case blockBegin
        case blockEnd
        case outputBegin
        case outputEnd
        case name(String)
        case string(String)
        case integer(Int)
        case float(Double)
        case symbol(Punctuation)
        case end
    }
}

/// The operators and brackets of expressions.
enum Punctuation: String, CaseIterable {
    case power = "**"
    case floorDivide = "//"
    case equal = "=="
    case notEqual = "!="
    case greaterOrEqual = ">="
    case lessOrEqual = "<="
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case tilde = "~"
    case openBracket = "["
    case closeBracket = "]"
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBrace = "{"
    case closeBrace = "}"
    case greater = ">"
    case less = "<"
    case assign = "="
    case dot = "."
    case colon = ":"
    case pipe = "|"
    case comma = ","
    case semicolon = ";"

    /// The bracket that closes this one.
    var closing: Punctuation? {
        switch self {
        case .openBracket: .closeBracket
        case .openParenthesis: .closeParenthesis
        case .openBrace: .closeBrace
        default: nil
        }
    }

    var isClosing: Bool {
        self == .closeBracket || self == .closeParenthesis || self == .closeBrace
    }
}

extension Token.Kind: CustomStringConvertible {
    /// How error messages name the token.
    var description: String {
        switch self {
        case .data: "text"
        case .blockBegin: "begin of statement block"
        case .blockEnd: "end of statement block"
        case .outputBegin: "begin of print statement"
        case .outputEnd: "end of print statement"
        case .name(let name): "'\(name)'"
        case .string: "string"
        case .integer, .float: "number"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        case .end: "end of template"
        }
    }
}
