/// A variable's name, as a number.
typealias Symbol = Int

/// The names of all variables that a template mentions.
struct SymbolTable: Sendable {
    private(set) var names: [String] = []
    private var ids: [String: Symbol] = [:]

    mutating func intern(_ name: String) -> Symbol {
        if let id = ids[name] { return id }
        ids[name] = names.count
        names.append(name)
        return names.count - 1
    }

    func id(of name: String) -> Symbol? {
        ids[name]
    }
}

/// A body with variables of its own.
struct Frame: Sendable {
    var body: [Statement]
    /// Variables that exist from the start of the body, because the body assigns them before it
    /// reads them, whatever branch it takes. Until then they have the value that they have in the
    /// enclosing frames, or none if those do not mention them, even if the template is given one.
    /// All others appear when they are assigned.
    var predeclared: [Symbol]
    /// All variables that the body uses itself, outside of inner frames.
    var mentioned: Set<Symbol>
}

/// What the parser has seen of one frame's variables: the first use decides whether a variable is
/// predeclared. This is what remains of jinja2's symbol analysis if scopes are kept at run time.
struct FrameUses {
    private(set) var seen: Set<Symbol> = []
    private(set) var predeclared: [Symbol] = []
    /// Conditional branches of this frame that are being parsed.
    var branchDepth = 0
    /// Errors for filters and tests that do not exist, outside of conditional code.
    var unknownNames: [TemplateError] = []

    mutating func load(_ symbol: Symbol) {
        seen.insert(symbol)
    }

    mutating func store(_ symbol: Symbol) {
        if seen.insert(symbol).inserted, branchDepth == 0 { predeclared.append(symbol) }
    }
}
