/// An expression of a template.
struct Expression: Sendable {
    let node: Node
    let line: Int
    /// Nodes on the longest way down, which bounds recursion over expressions.
    let height: Int

    indirect enum Node: Sendable {
        case constant(Constant)
        case name(Symbol)
        case list([Expression])
        case tuple([Expression])
        case dictionary([DictionaryEntry])
        case attribute(Expression, String)
        case item(Expression, key: Expression)
        case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
        case call(Expression, CallArguments)
        case filter(Expression, FilterName, CallArguments)
        case test(Expression, TestName, CallArguments)
        case not(Expression)
        case negated(Expression)
        case positive(Expression)
        case binary(BinaryOperator, Expression, Expression)
        case concatenation([Expression])
        case comparison(Expression, [Comparison])
        case and(Expression, Expression)
        case or(Expression, Expression)
        case conditional(condition: Expression, then: Expression, otherwise: Expression?)
        /// What a `filter` or `set` block filters: its own text.
        case blockText
    }

    struct DictionaryEntry: Sendable {
        var key: Expression
        var value: Expression
    }

    struct Comparison: Sendable {
        var relation: Relation
        var right: Expression
    }
}

/// A literal.
enum Constant: Sendable {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
}

enum BinaryOperator: Sendable {
    case add, subtract, multiply, divide, floorDivide, modulo, power
}

enum Relation: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, isIn, isNotIn
}

/// What stands between the parentheses of a call.
struct CallArguments: Sendable {
    var positional: [Expression] = []
    var named: [Named] = []
    /// `*list`
    var list: Expression?
    /// `**dictionary`
    var dictionary: Expression?

    struct Named: Sendable {
        var name: String
        var value: Expression
    }

    var expressions: [Expression] {
        positional + named.map(\.value) + [list, dictionary].compactMap(\.self)
    }
}

/// A filter by its name; one that does not exist is an error when it is applied.
enum FilterName: Sendable {
    case known(Filter)
    case unknown(String)
}

/// A test by its name; one that does not exist is an error when it is applied.
enum TestName: Sendable {
    case known(ValueTest)
    case unknown(String)
}
