/// Macros, call blocks and the targets of assignments.
extension Parser {
    mutating func parseMacro() throws(TemplateError) -> Statement.Node {
        let name = try expectName()
        let symbol = symbols.intern(name)
        recordStore(.variable(symbol))
        let body = try parseMacroBody(name: name, hasParameters: true, end: "endmacro")
        return .macro(symbol, body.definition)
    }

    mutating func parseCallBlock() throws(TemplateError) -> Statement.Node {
        let (definition, call) = try parseMacroBody(
            name: "caller", hasParameters: isAt(.openParenthesis), end: "endcall"
        ) { (parser) throws(TemplateError) in
            try parser.parseExpression()
        }
        guard case .call(let macro, let arguments)? = call?.node else {
            throw fail("expected a call")
        }
        return .callBlock(macro, arguments, caller: definition)
    }

    /// Reads parameters, the call of a call block, and the body up to its end tag. Defaults are
    /// evaluated in the macro's frame, the call outside of it.
    private mutating func parseMacroBody(
        name: String, hasParameters: Bool, end: String,
        call parseCall: ((inout Parser) throws(TemplateError) -> Expression)? = nil
    ) throws(TemplateError) -> (definition: MacroDefinition, call: Expression?) {
        let outerLoops = loopDepth
        loopDepth = 0
        defer { loopDepth = outerLoops }
        var parameters: [MacroDefinition.Parameter] = []
        var call: Expression?
        frames.append(FrameUses())
        macroUses.append([])
        if hasParameters { parameters = try parseParameters() }
        macroUses[macroUses.count - 1] = []
        if let parseCall {
            let uses = (frames.removeLast(), macroUses.removeLast())
            loopDepth = outerLoops
            call = try parseCall(&self)
            loopDepth = 0
            frames.append(uses.0)
            macroUses.append(uses.1)
        }
        let body = try parseTagBody(until: [end])
        advance()
        let frame = try endFrame(body: body)
        let uses = macroUses.removeLast()
        if uses.contains("caller"),
            parameters.contains(where: { $0.name == "caller" && $0.defaultValue == nil })
        {
            throw fail("the parameter 'caller' must have a default")
        }
        let reads = uses.subtracting(parameters.map(\.name))
        return (
            MacroDefinition(
                name: name, parameters: parameters, frame: frame,
                caller: reads.contains("caller") ? symbols.intern("caller") : nil,
                keywordArguments: reads.contains("kwargs") ? symbols.intern("kwargs") : nil,
                variableArguments: reads.contains("varargs") ? symbols.intern("varargs") : nil),
            call
        )
    }

    private mutating func parseParameters() throws(TemplateError) -> [MacroDefinition.Parameter] {
        try expect(.openParenthesis)
        var parameters: [MacroDefinition.Parameter] = []
        while !isAt(.closeParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            let name = try expectName()
            guard !parameters.contains(where: { $0.name == name }) else {
                throw fail("parameter '\(name)' is repeated")
            }
            guard parameters.count < TemplateLimits.argumentsMax else {
                throw fail("more than \(TemplateLimits.argumentsMax) parameters")
            }
            let symbol = symbols.intern(name)
            frames[frames.count - 1].load(symbol)
            var defaultValue: Expression?
            if skip(.assign) {
                defaultValue = try parseExpression()
            } else if parameters.last?.defaultValue != nil {
                throw fail("a parameter without default follows one with default")
            }
            parameters.append(.init(symbol: symbol, name: name, defaultValue: defaultValue))
        }
        try expect(.closeParenthesis)
        return parameters
    }

    /// The left side of an assignment: a name, names with commas between them, or, where allowed,
    /// attributes of namespaces.
    mutating func parseTarget(
        allowsAttribute: Bool = false, endKeyword: String? = nil, isParenthesized: Bool = false
    ) throws(TemplateError) -> Target {
        var targets: [Target] = []
        var isTuple = false
        while true {
            if !targets.isEmpty { try expect(.comma) }
            if isAtTupleEnd(endKeyword) { break }
            targets.append(try parseSingleTarget(allowsAttribute: allowsAttribute))
            guard isAt(.comma) else { break }
            isTuple = true
        }
        if !isTuple {
            if let only = targets.first { return only }
            guard isParenthesized else { throw fail("expected a name, got \(current.kind)") }
        }
        return .tuple(targets)
    }

    private mutating func parseSingleTarget(allowsAttribute: Bool) throws(TemplateError) -> Target {
        if skip(.openParenthesis) {
            let target = try nested { (parser) throws(TemplateError) in
                try parser.parseTarget(isParenthesized: true)
            }
            try expect(.closeParenthesis)
            return target
        }
        let name = try expectName()
        guard !["true", "True", "false", "False", "none", "None"].contains(name) else {
            throw fail("cannot assign to '\(name)'")
        }
        let symbol = symbols.intern(name)
        guard allowsAttribute, skip(.dot) else { return .variable(symbol) }
        return .attribute(namespace: symbol, name: try expectName())
    }
}
