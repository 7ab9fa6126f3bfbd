/// Builds a template's syntax tree from its tokens, by recursive descent after jinja2's grammar.
struct Parser {
    private let tokens: [Token]
    private var position = 0
    var symbols = SymbolTable()
    /// The frames that are being parsed, the innermost last.
    var frames: [FrameUses] = []
    /// The macros that are being parsed, the innermost last, with the special variables they read.
    var macroUses: [Set<String>] = []
    /// Loops around the current tag in the same macro.
    var loopDepth = 0
    /// Expressions and blocks around the current one.
    private var depth = 0

    init(tokens: [Token]) {
        self.tokens = tokens
    }

    mutating func parseTemplate() throws(TemplateError) -> TemplateSyntax {
        let root = try inFrame { (parser) throws(TemplateError) in
            try parser.parseBody(until: [])
        }
        return TemplateSyntax(root: root, symbols: symbols)
    }

    // MARK: Tokens

    var current: Token {
        tokens[position]
    }

    var next: Token.Kind {
        tokens[min(position + 1, tokens.count - 1)].kind
    }

    var line: Int {
        current.line
    }

    mutating func advance() {
        if position < tokens.count - 1 { position += 1 }
    }

    mutating func skip(_ kind: Token.Kind) -> Bool {
        guard current.kind == kind else { return false }
        advance()
        return true
    }

    mutating func skip(_ symbol: Punctuation) -> Bool {
        skip(.symbol(symbol))
    }

    mutating func skip(keyword: String) -> Bool {
        skip(.name(keyword))
    }

    func isAt(keyword: String) -> Bool {
        current.kind == .name(keyword)
    }

    func isAt(_ symbol: Punctuation) -> Bool {
        current.kind == .symbol(symbol)
    }

    mutating func expect(_ kind: Token.Kind) throws(TemplateError) {
        guard skip(kind) else { throw fail("expected \(kind), got \(current.kind)") }
    }

    mutating func expect(_ symbol: Punctuation) throws(TemplateError) {
        try expect(.symbol(symbol))
    }

    mutating func expectName() throws(TemplateError) -> String {
        guard case .name(let name) = current.kind else {
            throw fail("expected a name, got \(current.kind)")
        }
        advance()
        return name
    }

    func fail(_ reason: String, line: Int? = nil) -> TemplateError {
        TemplateError(kind: .syntax, line: line ?? self.line, reason: reason)
    }

    // MARK: Bounds

    /// Parses something that may nest.
    mutating func nested<Result>(
        _ parse: (inout Parser) throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        guard depth < TemplateLimits.syntaxDepthMax else {
            throw TemplateError(kind: .limit, line: line, reason: "the template nests too deeply")
        }
        depth += 1
        defer { depth -= 1 }
        return try parse(&self)
    }

    func make(
        _ node: Expression.Node, line: Int, of children: [Expression] = []
    ) throws(TemplateError) -> Expression {
        var height = 0
        for child in children { height = max(height, child.height) }
        guard height < TemplateLimits.expressionHeightMax else {
            throw TemplateError(kind: .limit, line: line, reason: "an expression is too long")
        }
        return Expression(node: node, line: line, height: height + 1)
    }

    // MARK: Variables

    mutating func inFrame(
        parameters: [Symbol] = [],
        _ parse: (inout Parser) throws(TemplateError) -> [Statement]
    ) throws(TemplateError) -> Frame {
        var uses = FrameUses()
        for symbol in parameters { uses.load(symbol) }
        frames.append(uses)
        return try endFrame(body: try parse(&self))
    }

    mutating func endFrame(body: [Statement]) throws(TemplateError) -> Frame {
        let uses = frames.removeLast()
        if let error = uses.unknownNames.first { throw error }
        return Frame(body: body, predeclared: uses.predeclared, mentioned: uses.seen)
    }

    mutating func recordLoad(_ name: String) -> Symbol {
        let symbol = symbols.intern(name)
        frames[frames.count - 1].load(symbol)
        if name == "caller" || name == "kwargs" || name == "varargs" {
            for index in macroUses.indices { macroUses[index].insert(name) }
        }
        return symbol
    }

    mutating func recordStore(_ target: Target) {
        switch target {
        case .variable(let symbol): frames[frames.count - 1].store(symbol)
        case .attribute(let namespace, _): frames[frames.count - 1].load(namespace)
        case .tuple(let targets): for target in targets { recordStore(target) }
        }
    }

    // MARK: Unknown filters and tests

    /// An unknown filter or test makes a template invalid, except in conditional code of the same
    /// frame, where it is an error when it is applied. The condition may come after the filter.
    mutating func recordUnknown(_ error: TemplateError) {
        frames[frames.count - 1].unknownNames.append(error)
    }

    var unknownCount: Int {
        frames[frames.count - 1].unknownNames.count
    }

    mutating func forgiveUnknown(after count: Int) {
        frames[frames.count - 1].unknownNames.removeSubrange(count...)
    }
}
