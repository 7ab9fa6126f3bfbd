/// The tests, `value is test(arguments)`.
enum ValueTest: String {
    case defined, undefined, none, boolean, integer, float, number, string, mapping, sequence
    case iterable, callable, odd, even, divisibleby, lower, upper, sameas, escaped, filter, test
    case isTrue = "true"
    case isFalse = "false"
    case isIn = "in"
    case eq, equalto, ne, lt, lessthan, le, gt, greaterthan, ge
    case equalSign = "=="
    case notEqualSign = "!="
    case lessSign = "<"
    case lessOrEqualSign = "<="
    case greaterSign = ">"
    case greaterOrEqualSign = ">="

    /// The comparison that the test is another name for.
    var relation: Relation? {
        switch self {
        case .isIn: .isIn
        case .eq, .equalto, .equalSign: .equal
        case .ne, .notEqualSign: .notEqual
        case .lt, .lessthan, .lessSign: .less
        case .le, .lessOrEqualSign: .lessOrEqual
        case .gt, .greaterthan, .greaterSign: .greater
        case .ge, .greaterOrEqualSign: .greaterOrEqual
        default: nil
        }
    }
}

extension Renderer {
    func applyTest(
        _ name: TestName, _ base: Expression, _ arguments: CallArguments, in scope: Scope
    ) throws(TemplateError) -> Value {
        let value = try evaluate(base, in: scope)
        switch name {
        case .known(let test):
            return .boolean(try apply(test, to: value, try evaluate(arguments, in: scope)))
        case .unknown(let name): throw fail("no test named '\(name)'")
        }
    }

    func apply(
        _ test: ValueTest, to value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Bool {
        try charge()
        let name = test.rawValue
        if let relation = test.relation {
            let other = try arguments.bind(["other"], required: 1, of: name, self)[0] ?? .none
            return try holds(relation, value, other)
        }
        switch test {
        case .sameas:
            let other = try arguments.bind(["other"], required: 1, of: name, self)[0] ?? .none
            guard value.typeName == other.typeName else { return false }
            return try areEqual(value, other)
        case .divisibleby:
            let divisor = try arguments.bind(["num"], required: 1, of: name, self)[0] ?? .none
            return try areEqual(try apply(.modulo, value, divisor), .integer(0))
        default: break
        }
        _ = try arguments.bind([], of: name, self)
        switch test {
        case .odd: return try areEqual(try apply(.modulo, value, .integer(2)), .integer(1))
        case .even: return try areEqual(try apply(.modulo, value, .integer(2)), .integer(0))
        case .lower: return try text(of: value).isPythonCased(upper: false)
        case .upper: return try text(of: value).isPythonCased(upper: true)
        case .filter: return Filter(rawValue: try nameToTest(value)) != nil
        case .test: return ValueTest(rawValue: try nameToTest(value)) != nil
        default: return value.plain.isOfKind(test)
        }
    }

    private func nameToTest(_ value: Value) throws(TemplateError) -> String {
        if case .string(let name) = value { name } else { "" }
    }
}

extension Value {
    /// The tests that look at the value's type alone.
    fileprivate func isOfKind(_ test: ValueTest) -> Bool {
        switch (test, self) {
        case (.undefined, .undefined), (.none, .none), (.boolean, .boolean),
            (.integer, .integer), (.float, .number), (.string, .string),
            (.mapping, .dictionary), (.isTrue, .boolean(true)), (.isFalse, .boolean(false)):
            true
        case (.defined, .undefined): false
        case (.defined, _): true
        case (.number, .integer), (.number, .number), (.number, .boolean): true
        case (.sequence, .string), (.sequence, .list), (.sequence, .tuple),
            (.sequence, .dictionary), (.sequence, .range), (.sequence, .undefined):
            true
        case (.iterable, .string), (.iterable, .list), (.iterable, .tuple),
            (.iterable, .dictionary), (.iterable, .range), (.iterable, .undefined),
            (.iterable, .view), (.iterable, .iterator), (.iterable, .loop):
            true
        case (.callable, .macro), (.callable, .function), (.callable, .method),
            (.callable, .undefined), (.callable, .loop):
            true
        default: false
        }
    }
}
