/// Expressions.
extension Renderer {
    func evaluate(_ expression: Expression, in scope: Scope) throws(TemplateError) -> Value {
        try enter()
        defer { leave() }
        line = expression.line
        switch expression.node {
        case .constant(let constant): return Value(constant)
        case .name(let symbol): return variable(symbol, in: scope)
        case .attribute(let base, let name):
            return try attribute(name, of: try evaluate(base, in: scope))
        case .item(let base, let key):
            let base = try evaluate(base, in: scope)
            return try item(try evaluate(key, in: scope), of: base)
        case .call(let callee, let arguments):
            let callee = try evaluate(callee, in: scope)
            return try call(callee, try evaluate(arguments, in: scope))
        case .filter(let base, let name, let arguments):
            return try applyFilter(name, base, arguments, in: scope)
        case .test(let base, let name, let arguments):
            return try applyTest(name, base, arguments, in: scope)
        case .not(let operand): return .boolean(try !evaluate(operand, in: scope).isTrue)
        case .and(let left, let right):
            let left = try evaluate(left, in: scope)
            return left.isTrue ? try evaluate(right, in: scope) : left
        case .or(let left, let right):
            let left = try evaluate(left, in: scope)
            return left.isTrue ? left : try evaluate(right, in: scope)
        case .conditional(let condition, let then, let otherwise):
            if try evaluate(condition, in: scope).isTrue { return try evaluate(then, in: scope) }
            guard let otherwise else {
                return .undefined(.other("the inline if-expression evaluated to false"))
            }
            return try evaluate(otherwise, in: scope)
        case .comparison(let left, let comparisons):
            return try compare(left, comparisons, in: scope)
        case .binary(let operation, let left, let right):
            let left = try evaluate(left, in: scope)
            return try apply(operation, left, try evaluate(right, in: scope))
        case .negated(let operand): return try negate(try evaluate(operand, in: scope))
        case .positive(let operand): return try positive(try evaluate(operand, in: scope))
        case .concatenation(let parts): return try concatenate(parts, in: scope)
        case .list(let elements): return try list(try evaluate(elements, in: scope))
        case .tuple(let elements): return try tuple(try evaluate(elements, in: scope))
        case .dictionary(let entries): return try dictionary(entries, in: scope)
        case .slice(let base, let start, let stop, let step):
            return try slice(base, start, stop, step, in: scope)
        case .blockText: return .string(blockText)
        }
    }

    private func evaluate(
        _ expressions: [Expression], in scope: Scope
    ) throws(TemplateError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try evaluate(expression, in: scope)) }
        return values
    }

    private func dictionary(
        _ entries: [Expression.DictionaryEntry], in scope: Scope
    ) throws(TemplateError) -> Value {
        var pairs: [(key: Value, value: Value)] = []
        for entry in entries {
            let key = try evaluate(entry.key, in: scope)
            pairs.append((key, try evaluate(entry.value, in: scope)))
        }
        return try dictionary(pairs)
    }

    private func concatenate(
        _ parts: [Expression], in scope: Scope
    ) throws(TemplateError) -> Value {
        var result = ""
        for part in parts {
            let text = try text(of: try evaluate(part, in: scope))
            try checkText(bytes: result.utf8.count + text.utf8.count)
            result += text
        }
        return .string(result)
    }

    private func compare(
        _ left: Expression, _ comparisons: [Expression.Comparison], in scope: Scope
    ) throws(TemplateError) -> Value {
        var left = try evaluate(left, in: scope)
        for comparison in comparisons {
            let right = try evaluate(comparison.right, in: scope)
            guard try holds(comparison.relation, left, right) else { return .boolean(false) }
            left = right
        }
        return .boolean(true)
    }

    func holds(
        _ relation: Relation, _ left: Value, _ right: Value
    ) throws(TemplateError) -> Bool {
        switch relation {
        case .equal: return try areEqual(left, right)
        case .notEqual: return try !areEqual(left, right)
        case .isIn: return try contains(left, in: right)
        case .isNotIn: return try !contains(left, in: right)
        case .less: return try order(left, right) == .less
        case .greater: return try order(left, right) == .greater
        case .lessOrEqual:
            let order = try order(left, right)
            return order == .less || order == .equal
        case .greaterOrEqual:
            let order = try order(left, right)
            return order == .greater || order == .equal
        }
    }

    func evaluate(
        _ arguments: CallArguments, in scope: Scope
    ) throws(TemplateError) -> Arguments {
        var result = Arguments(positional: try evaluate(arguments.positional, in: scope))
        for named in arguments.named {
            result.named.append((named.name, try evaluate(named.value, in: scope)))
        }
        if let list = arguments.list {
            result.positional += try elements(of: try evaluate(list, in: scope))
        }
        if let dictionary = arguments.dictionary {
            guard case .dictionary(let mapping) = try evaluate(dictionary, in: scope) else {
                throw fail("the argument after ** must be a mapping")
            }
            try charge(mapping.count)
            guard mapping.count <= TemplateLimits.argumentsMax else {
                throw fail("more than \(TemplateLimits.argumentsMax) keyword arguments")
            }
            for (key, value) in zip(mapping.keys, mapping.values) {
                guard case .string(let name) = key else { throw fail("keywords must be strings") }
                guard !result.named.contains(where: { $0.name.isExactly(name) }) else {
                    throw fail("keyword argument '\(name)' is repeated")
                }
                result.named.append((name, value))
            }
        }
        return result
    }
}
