/// Expressions, from the loosest binding to the tightest: inline `if`, `or`, `and`, `not`,
/// comparisons, `+ -`, `~`, `* / // %`, `**`, signs, and what follows a value.
extension Parser {
    mutating func parseExpression(
        allowsConditional: Bool = true
    ) throws(TemplateError) -> Expression {
        try nested { (parser) throws(TemplateError) in
            allowsConditional ? try parser.parseConditional() : try parser.parseOr()
        }
    }

    /// An expression, or several with commas between them, which are a tuple.
    mutating func parseTuple(
        allowsConditional: Bool = true, endKeyword: String? = nil, mayBeEmpty: Bool = false
    ) throws(TemplateError) -> Expression {
        let start = line
        var elements: [Expression] = []
        var isTuple = false
        while true {
            if !elements.isEmpty { try expect(.comma) }
            if isAtTupleEnd(endKeyword) { break }
            elements.append(try parseExpression(allowsConditional: allowsConditional))
            guard isAt(.comma) else { break }
            isTuple = true
        }
        if !isTuple {
            if let only = elements.first { return only }
            guard mayBeEmpty else { throw fail("expected an expression, got \(current.kind)") }
        }
        return try make(.tuple(elements), line: start, of: elements)
    }

    func isAtTupleEnd(_ endKeyword: String?) -> Bool {
        switch current.kind {
        case .outputEnd, .blockEnd, .symbol(.closeParenthesis): true
        case .name(let name): name == endKeyword
        default: false
        }
    }

    private mutating func parseConditional() throws(TemplateError) -> Expression {
        let start = line
        let unknownCount = unknownCount
        var value = try parseOr()
        while skip(keyword: "if") {
            let condition = try parseOr()
            var otherwise: Expression?
            if skip(keyword: "else") {
                otherwise = try nested { (parser) throws(TemplateError) in
                    try parser.parseConditional()
                }
            }
            value = try make(
                .conditional(condition: condition, then: value, otherwise: otherwise),
                line: start, of: [condition, value] + [otherwise].compactMap(\.self))
            forgiveUnknown(after: unknownCount)
        }
        return value
    }

    private mutating func parseOr() throws(TemplateError) -> Expression {
        let start = line
        var left = try parseAnd()
        while skip(keyword: "or") {
            let right = try parseAnd()
            left = try make(.or(left, right), line: start, of: [left, right])
        }
        return left
    }

    private mutating func parseAnd() throws(TemplateError) -> Expression {
        let start = line
        var left = try parseNot()
        while skip(keyword: "and") {
            let right = try parseNot()
            left = try make(.and(left, right), line: start, of: [left, right])
        }
        return left
    }

    private mutating func parseNot() throws(TemplateError) -> Expression {
        let start = line
        var count = 0
        while skip(keyword: "not") { count += 1 }
        var value = try parseComparison()
        for _ in 0..<count { value = try make(.not(value), line: start, of: [value]) }
        return value
    }

    private mutating func parseComparison() throws(TemplateError) -> Expression {
        let start = line
        let left = try parseSum()
        var comparisons: [Expression.Comparison] = []
        while let relation = parseRelation() {
            comparisons.append(.init(relation: relation, right: try parseSum()))
        }
        if comparisons.isEmpty { return left }
        return try make(
            .comparison(left, comparisons), line: start, of: [left] + comparisons.map(\.right))
    }

    private mutating func parseRelation() -> Relation? {
        let relation: Relation
        switch current.kind {
        case .symbol(.equal): relation = .equal
        case .symbol(.notEqual): relation = .notEqual
        case .symbol(.less): relation = .less
        case .symbol(.lessOrEqual): relation = .lessOrEqual
        case .symbol(.greater): relation = .greater
        case .symbol(.greaterOrEqual): relation = .greaterOrEqual
        case .name("in"): relation = .isIn
        case .name("not") where next == .name("in"):
            relation = .isNotIn
            advance()
        default: return nil
        }
        advance()
        return relation
    }

    private mutating func parseSum() throws(TemplateError) -> Expression {
        let start = line
        var left = try parseConcatenation()
        while isAt(.add) || isAt(.subtract) {
            let operation: BinaryOperator = isAt(.add) ? .add : .subtract
            advance()
            let right = try parseConcatenation()
            left = try make(.binary(operation, left, right), line: start, of: [left, right])
        }
        return left
    }

    private mutating func parseConcatenation() throws(TemplateError) -> Expression {
        let start = line
        var parts = [try parseProduct()]
        while skip(.tilde) { parts.append(try parseProduct()) }
        return parts.count == 1
            ? parts[0] : try make(.concatenation(parts), line: start, of: parts)
    }

    private mutating func parseProduct() throws(TemplateError) -> Expression {
        let start = line
        var left = try parsePower()
        while true {
            let operation: BinaryOperator
            switch current.kind {
            case .symbol(.multiply): operation = .multiply
            case .symbol(.divide): operation = .divide
            case .symbol(.floorDivide): operation = .floorDivide
            case .symbol(.modulo): operation = .modulo
            default: return left
            }
            advance()
            let right = try parsePower()
            left = try make(.binary(operation, left, right), line: start, of: [left, right])
        }
    }

    private mutating func parsePower() throws(TemplateError) -> Expression {
        let start = line
        var left = try parseUnary()
        while skip(.power) {
            let right = try parseUnary()
            left = try make(.binary(.power, left, right), line: start, of: [left, right])
        }
        return left
    }

    mutating func parseUnary(allowsFilter: Bool = true) throws(TemplateError) -> Expression {
        let start = line
        var value: Expression
        if isAt(.subtract) || isAt(.add) {
            let isNegative = isAt(.subtract)
            advance()
            let operand = try nested { (parser) throws(TemplateError) in
                try parser.parseUnary(allowsFilter: false)
            }
            value = try make(
                isNegative ? .negated(operand) : .positive(operand), line: start, of: [operand])
        } else {
            value = try parsePrimary()
        }
        value = try parsePostfix(value)
        return allowsFilter ? try parseFiltersAndTests(value) : value
    }
}
