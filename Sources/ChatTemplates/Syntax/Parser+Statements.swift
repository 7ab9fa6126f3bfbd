/// Bodies and tags.
extension Parser {
    /// Reads text and tags up to one of these tags, whose name is then the current token, or up to
    /// the end of the template if there are none.
    mutating func parseBody(until ends: [String]) throws(TemplateError) -> [Statement] {
        var body: [Statement] = []
        while true {
            let start = line
            switch current.kind {
            case .data(let text):
                advance()
                body.append(Statement(node: .text(text), line: start))
            case .outputBegin:
                advance()
                let value = try parseTuple()
                try expect(.outputEnd)
                body.append(Statement(node: .output(value), line: start))
            case .blockBegin:
                advance()
                if case .name(let name) = current.kind, ends.contains(name) { return body }
                let statements = try nested { (parser) throws(TemplateError) in
                    try parser.parseTag(expecting: ends)
                }
                body.append(contentsOf: statements)
                try expect(.blockEnd)
            default:
                guard current.kind == .end, ends.isEmpty else {
                    throw fail("unexpected end of template, expected \(list(ends))")
                }
                return body
            }
        }
    }

    private func list(_ names: [String]) -> String {
        names.map { "'\($0)'" }.joined(separator: " or ")
    }

    /// Reads the end of a tag and the body after it; the end tag's name is then the current token.
    mutating func parseTagBody(until ends: [String]) throws(TemplateError) -> [Statement] {
        _ = skip(.colon)
        try expect(.blockEnd)
        return try parseBody(until: ends)
    }

    /// A body with variables of its own, its end tag read too.
    private mutating func parseFrame(
        parameters: [Symbol] = [], until end: String
    ) throws(TemplateError) -> Frame {
        let frame = try inFrame(parameters: parameters) { (parser) throws(TemplateError) in
            try parser.parseTagBody(until: [end])
        }
        advance()
        return frame
    }

    private mutating func parseTag(expecting ends: [String]) throws(TemplateError) -> [Statement] {
        let start = line
        let name = try expectName()
        let node: Statement.Node
        switch name {
        case "if": node = try parseIf()
        case "for": node = .loop(try parseLoop())
        case "set": node = try parseSet()
        case "macro": node = try parseMacro()
        case "call": node = try parseCallBlock()
        case "filter":
            let filter = try parseBlockFilter()
            node = .filterBlock(filter, try parseFrame(until: "endfilter"))
        case "with": node = try parseWith()
        case "generation": node = .generation(try parseGeneration())
        case "print":
            return try parsePrint(line: start)
        case "break", "continue":
            guard loopDepth > 0 else { throw fail("'\(name)' outside of a loop", line: start) }
            node = name == "break" ? .breakLoop : .continueLoop
        case "block", "extends", "include", "import", "from", "autoescape":
            throw fail("the tag '\(name)' is not supported", line: start)
        default:
            let expected = ends.isEmpty ? "" : ", expected \(list(ends))"
            throw fail("unknown tag '\(name)'\(expected)", line: start)
        }
        return [Statement(node: node, line: start)]
    }

    private mutating func parsePrint(line: Int) throws(TemplateError) -> [Statement] {
        var statements: [Statement] = []
        while current.kind != .blockEnd {
            if !statements.isEmpty { try expect(.comma) }
            statements.append(Statement(node: .output(try parseExpression()), line: line))
        }
        return statements
    }

    private mutating func parseIf() throws(TemplateError) -> Statement.Node {
        var branches: [Statement.Branch] = []
        let unknownCount = unknownCount
        while true {
            let condition = try parseTuple(allowsConditional: false)
            let body = try parseBranch(until: ["elif", "else", "endif"])
            branches.append(.init(condition: condition, body: body))
            guard skip(keyword: "elif") else { break }
        }
        var otherwise: [Statement] = []
        if skip(keyword: "else") { otherwise = try parseBranch(until: ["endif"]) }
        advance()
        forgiveUnknown(after: unknownCount)
        return .conditional(branches, otherwise: otherwise)
    }

    private mutating func parseBranch(until ends: [String]) throws(TemplateError) -> [Statement] {
        frames[frames.count - 1].branchDepth += 1
        defer { frames[frames.count - 1].branchDepth -= 1 }
        return try parseTagBody(until: ends)
    }

    private mutating func parseLoop() throws(TemplateError) -> Loop {
        let target = try parseTarget(endKeyword: "in")
        guard skip(keyword: "in") else { throw fail("expected 'in', got \(current.kind)") }
        let iterable = try parseTuple(allowsConditional: false, endKeyword: "recursive")
        let loopSymbol = symbols.intern("loop")
        let parameters = target.symbols
        guard !parameters.contains(loopSymbol) else { throw loopAssignment }
        var condition: Expression?
        if skip(keyword: "if") {
            _ = try inFrame(parameters: parameters) { (parser) throws(TemplateError) in
                condition = try parser.parseExpression()
                return []
            }
        }
        guard !isAt(keyword: "recursive") else { throw fail("recursive loops are not supported") }
        loopDepth += 1
        let frame = try inFrame(
            parameters: parameters + [loopSymbol]
        ) { (parser) throws(TemplateError) in
            try parser.parseTagBody(until: ["endfor", "else"])
        }
        loopDepth -= 1
        var otherwise: Frame?
        if skip(keyword: "else") {
            otherwise = try parseFrame(until: "endfor")
        } else {
            advance()
        }
        return Loop(
            target: target, iterable: iterable, condition: condition, stateSymbol: loopSymbol,
            frame: frame, otherwise: otherwise)
    }

    private var loopAssignment: TemplateError {
        fail("a loop cannot assign the special variable 'loop'")
    }

    private mutating func parseSet() throws(TemplateError) -> Statement.Node {
        let target = try parseTarget(allowsAttribute: true)
        if loopDepth > 0, target.symbols.contains(symbols.intern("loop")) { throw loopAssignment }
        if skip(.assign) {
            let value = try parseTuple()
            recordStore(target)
            return .assignment(target, value)
        }
        recordStore(target)
        let filter =
            skip(.pipe)
            ? try parseBlockFilter() : try make(.blockText, line: line)
        return .blockAssignment(target, filter: filter, try parseFrame(until: "endset"))
    }

    /// One or more filters without a value to apply them to.
    private mutating func parseBlockFilter() throws(TemplateError) -> Expression {
        var value = try make(.blockText, line: line)
        repeat { value = try parseFilter(of: value) } while skip(.pipe)
        return value
    }

    private mutating func parseWith() throws(TemplateError) -> Statement.Node {
        var bindings: [Statement.Binding] = []
        while current.kind != .blockEnd {
            if !bindings.isEmpty { try expect(.comma) }
            let target = try parseTarget()
            try expect(.assign)
            bindings.append(.init(target: target, value: try parseExpression()))
        }
        let parameters = bindings.flatMap(\.target.symbols)
        return .with(bindings, try parseFrame(parameters: parameters, until: "endwith"))
    }

    /// jinja2 makes a function of the block, so its variables are its own and loops end outside.
    private mutating func parseGeneration() throws(TemplateError) -> Frame {
        let outerLoops = loopDepth
        loopDepth = 0
        defer { loopDepth = outerLoops }
        return try parseFrame(until: "endgeneration")
    }
}

extension Target {
    /// The variables that an assignment to this target sets.
    var symbols: [Symbol] {
        switch self {
        case .variable(let symbol): [symbol]
        case .attribute: []
        case .tuple(let targets): targets.flatMap(\.symbols)
        }
    }
}
