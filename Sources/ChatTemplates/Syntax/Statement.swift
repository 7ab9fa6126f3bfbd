/// A whole template.
struct TemplateSyntax: Sendable {
    var root: Frame
    var symbols: SymbolTable
}

/// A piece of text or a tag of a template.
struct Statement: Sendable {
    let node: Node
    let line: Int

    indirect enum Node: Sendable {
        case text(String)
        case output(Expression)
        case conditional([Branch], otherwise: [Statement])
        case loop(Loop)
        case assignment(Target, Expression)
        /// `set` without a value: the text of the body, filtered, is assigned.
        case blockAssignment(Target, filter: Expression, Frame)
        case macro(Symbol, MacroDefinition)
        /// Calls a macro that can call the body back as `caller`.
        case callBlock(Expression, CallArguments, caller: MacroDefinition)
        case filterBlock(Expression, Frame)
        case with([Binding], Frame)
        /// What the assistant generates; rendered as if the tag were not there.
        case generation(Frame)
        case breakLoop
        case continueLoop
    }

    struct Branch: Sendable {
        var condition: Expression
        var body: [Statement]
    }

    struct Binding: Sendable {
        var target: Target
        var value: Expression
    }
}

struct Loop: Sendable {
    var target: Target
    var iterable: Expression
    /// `for x in y if condition`
    var condition: Expression?
    /// The variable `loop`.
    var stateSymbol: Symbol
    var frame: Frame
    /// Rendered if no iteration came to its end.
    var otherwise: Frame?
}

/// What can stand on the left of an assignment.
indirect enum Target: Sendable {
    case variable(Symbol)
    case attribute(namespace: Symbol, name: String)
    case tuple([Target])
}

struct MacroDefinition: Sendable {
    var name: String
    var parameters: [Parameter]
    var frame: Frame
    /// The special variables `caller`, `kwargs` and `varargs`, if the body reads them.
    var caller: Symbol?
    var keywordArguments: Symbol?
    var variableArguments: Symbol?

    struct Parameter: Sendable {
        var symbol: Symbol
        var name: String
        var defaultValue: Expression?
    }
}
