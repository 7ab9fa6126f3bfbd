/// Literals and names, and what can follow a value: attributes, subscripts, calls, filters, tests.
extension Parser {
    mutating func parsePrimary() throws(TemplateError) -> Expression {
        let start = line
        let token = current.kind
        switch token {
        case .name(let name):
            advance()
            return try parseName(name, line: start)
        case .string(var text):
            advance()
            while case .string(let more) = current.kind {
                text += more
                advance()
            }
            return try make(.constant(.string(text)), line: start)
        case .integer(let value):
            advance()
            return try make(.constant(.integer(value)), line: start)
        case .float(let value):
            advance()
            return try make(.constant(.number(value)), line: start)
        case .symbol(.openParenthesis):
            advance()
            let value = try parseTuple(mayBeEmpty: true)
            try expect(.closeParenthesis)
            return value
        case .symbol(.openBracket):
            return try parseList()
        case .symbol(.openBrace):
            return try parseDictionary()
        default:
            throw fail("unexpected \(token)")
        }
    }

    private mutating func parseName(
        _ name: String, line: Int
    ) throws(TemplateError) -> Expression {
        switch name {
        case "true", "True": try make(.constant(.boolean(true)), line: line)
        case "false", "False": try make(.constant(.boolean(false)), line: line)
        case "none", "None": try make(.constant(.none), line: line)
        default: try make(.name(recordLoad(name)), line: line)
        }
    }

    private mutating func parseList() throws(TemplateError) -> Expression {
        let start = line
        try expect(.openBracket)
        var elements: [Expression] = []
        while !isAt(.closeBracket) {
            if !elements.isEmpty { try expect(.comma) }
            if isAt(.closeBracket) { break }
            elements.append(try parseExpression())
        }
        try expect(.closeBracket)
        return try make(.list(elements), line: start, of: elements)
    }

    private mutating func parseDictionary() throws(TemplateError) -> Expression {
        let start = line
        try expect(.openBrace)
        var entries: [Expression.DictionaryEntry] = []
        while !isAt(.closeBrace) {
            if !entries.isEmpty { try expect(.comma) }
            if isAt(.closeBrace) { break }
            let key = try parseExpression()
            try expect(.colon)
            entries.append(.init(key: key, value: try parseExpression()))
        }
        try expect(.closeBrace)
        return try make(
            .dictionary(entries), line: start, of: entries.flatMap { [$0.key, $0.value] })
    }

    mutating func parsePostfix(_ value: Expression) throws(TemplateError) -> Expression {
        var value = value
        while true {
            switch current.kind {
            case .symbol(.dot): value = try parseAttribute(of: value)
            case .symbol(.openBracket): value = try parseSubscript(of: value)
            case .symbol(.openParenthesis): value = try parseCall(of: value)
            default: return value
            }
        }
    }

    mutating func parseFiltersAndTests(_ value: Expression) throws(TemplateError) -> Expression {
        var value = value
        while true {
            switch current.kind {
            case .symbol(.pipe):
                advance()
                value = try parseFilter(of: value)
            case .name("is"): value = try parseTest(of: value)
            case .symbol(.openParenthesis): value = try parseCall(of: value)
            default: return value
            }
        }
    }

    private mutating func parseAttribute(of value: Expression) throws(TemplateError) -> Expression {
        let start = line
        advance()
        switch current.kind {
        case .name(let name):
            advance()
            return try make(.attribute(value, name), line: start, of: [value])
        case .integer(let index):
            advance()
            let key = try make(.constant(.integer(index)), line: start)
            return try make(.item(value, key: key), line: start, of: [value])
        default:
            throw fail("expected name or number, got \(current.kind)")
        }
    }

    private mutating func parseSubscript(of value: Expression) throws(TemplateError) -> Expression {
        let start = line
        try expect(.openBracket)
        var keys: [Expression] = []
        while !isAt(.closeBracket) {
            if !keys.isEmpty { try expect(.comma) }
            let key = isAt(.colon) ? nil : try parseExpression()
            if isAt(.colon), keys.isEmpty { return try parseSlice(of: value, from: key) }
            guard let key else { throw fail("a tuple of slices is not supported") }
            keys.append(key)
        }
        try expect(.closeBracket)
        let key = keys.count == 1 ? keys[0] : try make(.tuple(keys), line: start, of: keys)
        return try make(.item(value, key: key), line: start, of: [value, key])
    }

    /// Reads a slice from its first colon to `]`.
    private mutating func parseSlice(
        of value: Expression, from start: Expression?
    ) throws(TemplateError) -> Expression {
        let line = line
        try expect(.colon)
        let stop = isAt(.colon) || isAt(.closeBracket) ? nil : try parseExpression()
        let step = !skip(.colon) || isAt(.closeBracket) ? nil : try parseExpression()
        try expect(.closeBracket)
        return try make(
            .slice(value, start: start, stop: stop, step: step), line: line,
            of: [value] + [start, stop, step].compactMap(\.self))
    }

    private mutating func parseCall(of value: Expression) throws(TemplateError) -> Expression {
        let start = line
        let arguments = try parseArguments()
        return try make(
            .call(value, arguments), line: start, of: [value] + arguments.expressions)
    }

    mutating func parseArguments() throws(TemplateError) -> CallArguments {
        try expect(.openParenthesis)
        var arguments = CallArguments()
        var isFirst = true
        while !isAt(.closeParenthesis) {
            if !isFirst {
                try expect(.comma)
                if isAt(.closeParenthesis) { break }
            }
            isFirst = false
            try parseArgument(into: &arguments)
        }
        try expect(.closeParenthesis)
        return arguments
    }

    private mutating func parseArgument(
        into arguments: inout CallArguments
    ) throws(TemplateError) {
        let hasDynamic = arguments.list != nil || arguments.dictionary != nil
        let isInOrder: Bool
        if skip(.multiply) {
            isInOrder = !hasDynamic
            arguments.list = try parseExpression()
        } else if skip(.power) {
            isInOrder = arguments.dictionary == nil
            arguments.dictionary = try parseExpression()
        } else if case .name(let name) = current.kind, next == .symbol(.assign) {
            isInOrder = arguments.dictionary == nil
            advance()
            advance()
            guard !arguments.named.contains(where: { $0.name == name }) else {
                throw fail("keyword argument '\(name)' is repeated")
            }
            guard arguments.named.count < TemplateLimits.argumentsMax else {
                throw fail("more than \(TemplateLimits.argumentsMax) keyword arguments")
            }
            arguments.named.append(.init(name: name, value: try parseExpression()))
        } else {
            isInOrder = !hasDynamic && arguments.named.isEmpty
            arguments.positional.append(try parseExpression())
        }
        guard isInOrder else { throw fail("invalid syntax for function call expression") }
    }

    /// Reads a filter's name and arguments.
    mutating func parseFilter(of value: Expression) throws(TemplateError) -> Expression {
        let start = line
        let name = try parseDottedName()
        let arguments = isAt(.openParenthesis) ? try parseArguments() : CallArguments()
        let filter = Filter(rawValue: name).map(FilterName.known) ?? .unknown(name)
        if case .unknown = filter { recordUnknown(fail("no filter named '\(name)'", line: start)) }
        return try make(
            .filter(value, filter, arguments), line: start, of: [value] + arguments.expressions)
    }

    private mutating func parseDottedName() throws(TemplateError) -> String {
        var name = try expectName()
        while skip(.dot) { name += "." + (try expectName()) }
        return name
    }

    private mutating func parseTest(of value: Expression) throws(TemplateError) -> Expression {
        let start = line
        advance()
        let isNegated = skip(keyword: "not")
        let name = try parseDottedName()
        var arguments = CallArguments()
        if isAt(.openParenthesis) {
            arguments = try parseArguments()
        } else if isAtTestArgument {
            guard !isAt(keyword: "is") else { throw fail("tests cannot be chained with 'is'") }
            let argument = try nested { (parser) throws(TemplateError) in
                try parser.parsePostfix(try parser.parsePrimary())
            }
            arguments.positional = [argument]
        }
        let test = ValueTest(rawValue: name).map(TestName.known) ?? .unknown(name)
        if case .unknown = test { recordUnknown(fail("no test named '\(name)'", line: start)) }
        let result = try make(
            .test(value, test, arguments), line: start, of: [value] + arguments.expressions)
        return isNegated ? try make(.not(result), line: start, of: [result]) : result
    }

    private var isAtTestArgument: Bool {
        switch current.kind {
        case .name(let name): name != "else" && name != "or" && name != "and"
        case .string, .integer, .float, .symbol(.openBracket), .symbol(.openBrace): true
        default: false
        }
    }
}
