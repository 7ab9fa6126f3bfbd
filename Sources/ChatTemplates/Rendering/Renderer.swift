/// Renders one template once.
final class Renderer {
    let clock: () -> CalendarTime
    /// The line being evaluated, for errors.
    var line = 1
    /// What a `filter` or `set` block filters.
    var blockText = ""
    private let symbols: SymbolTable
    private let limits: TemplateLimits
    /// Variables that the template is given, and those that every template has.
    private var globals: [Value?]
    private var steps = 0
    private var depth = 0
    private var namespaces: [Namespace] = []
    private var capturedScopes: [Scope] = []

    init(symbols: SymbolTable, limits: TemplateLimits, clock: @escaping () -> CalendarTime) {
        self.symbols = symbols
        self.limits = limits
        self.clock = clock
        globals = Array(repeating: nil, count: symbols.names.count)
    }

    func render(
        _ syntax: TemplateSyntax, variables: [(String, TemplateValue)]
    ) throws(TemplateError) -> String {
        for function in GlobalFunction.allCases {
            if let symbol = symbols.id(of: function.rawValue) {
                globals[symbol] = .function(function)
            }
        }
        for (name, value) in variables {
            if let symbol = symbols.id(of: name) { globals[symbol] = try self.value(value) }
        }
        var output = ""
        _ = try render(syntax.root, in: Scope(parent: nil, frame: syntax.root), into: &output)
        return output
    }

    /// Frees what refers to itself.
    func tearDown() {
        for namespace in namespaces { namespace.removeAll() }
        for scope in capturedScopes { scope.removeAll() }
    }

    // MARK: Errors and bounds

    func fail(_ reason: String) -> TemplateError {
        TemplateError(kind: .evaluation, line: line, reason: reason)
    }

    func failLimit(_ reason: String) -> TemplateError {
        TemplateError(kind: .limit, line: line, reason: reason)
    }

    func charge(_ count: Int = 1) throws(TemplateError) {
        guard count <= limits.stepsMax - steps else {
            throw failLimit("rendering takes more than \(limits.stepsMax) steps")
        }
        steps += count
    }

    /// Charges for reading or writing so many bytes of text.
    func charge(bytes: Int) throws(TemplateError) {
        try charge(bytes / 64)
    }

    /// Refuses a text before it is built. It could be printed, so the bound is that of the output.
    func checkText(bytes: Int) throws(TemplateError) {
        try checkTextLength(bytes)
        try charge(bytes: bytes)
    }

    func checkTextLength(_ bytes: Int) throws(TemplateError) {
        guard bytes <= limits.outputBytesMax else {
            throw failLimit("a text is longer than \(limits.outputBytesMax) bytes")
        }
    }

    /// Enters something that may nest; `leave` must follow unless it throws.
    func enter() throws(TemplateError) {
        guard depth < limits.evaluationDepthMax else {
            throw failLimit("evaluation nests too deeply")
        }
        depth += 1
        try charge()
    }

    func leave() {
        depth -= 1
    }

    // MARK: Variables

    func variable(_ symbol: Symbol, in scope: Scope) -> Value {
        scope.find(symbol) ?? globals[symbol] ?? .undefined(.variable(symbols.names[symbol]))
    }

    func name(of symbol: Symbol) -> String {
        symbols.names[symbol]
    }

    /// Declares what a frame declares at its start.
    func declare(_ frame: Frame, in scope: Scope) {
        for symbol in frame.predeclared {
            var value = scope.parent?.find(symbol)
            if value == nil, scope.parent?.isMentioned(symbol) == true { value = globals[symbol] }
            scope.set(symbol, to: value ?? .undefined(.variable(symbols.names[symbol])))
        }
    }

    // MARK: Values

    func makeNamespace() -> Namespace {
        let namespace = Namespace()
        namespaces.append(namespace)
        return namespace
    }

    func makeMacro(_ definition: MacroDefinition, in scope: Scope) throws(TemplateError) -> Macro {
        // A captured scope lives until the end.
        try charge(16)
        capturedScopes.append(scope)
        return Macro(definition: definition, scope: scope)
    }

    /// The depth of a container of these values.
    private func depth(above items: [Value]) throws(TemplateError) -> Int {
        // Elements that are kept take memory too.
        let (cost, overflow) = items.count.multipliedReportingOverflow(by: 4)
        try charge(overflow ? .max / 2 : cost)
        var depth = 0
        for item in items { depth = max(depth, item.depth) }
        guard depth < TemplateLimits.valueDepthMax else {
            throw failLimit("values nest deeper than \(TemplateLimits.valueDepthMax)")
        }
        return depth + 1
    }

    func list(_ items: [Value]) throws(TemplateError) -> Value {
        .list(ValueList(items: items, depth: try depth(above: items)))
    }

    func tuple(_ items: [Value]) throws(TemplateError) -> Value {
        .tuple(ValueList(items: items, depth: try depth(above: items)))
    }

    func iterator(_ items: [Value]) throws(TemplateError) -> ValueIterator {
        ValueIterator(items: items, depth: try depth(above: items))
    }

    func dictionary(_ entries: [(key: Value, value: Value)]) throws(TemplateError) -> Value {
        var hashed: [(hash: MappingKey, key: Value, value: Value)] = []
        hashed.reserveCapacity(entries.count)
        for entry in entries {
            hashed.append((try hash(entry.key), entry.key, entry.value))
        }
        let depth = max(
            try depth(above: entries.map(\.key)), try depth(above: entries.map(\.value)))
        return .dictionary(Mapping(entries: hashed, depth: depth))
    }

    func method(_ name: String, of receiver: Value) -> Value {
        .method(BoundMethod(receiver: receiver, name: name))
    }

    /// A value that the template is given.
    private func value(_ value: TemplateValue) throws(TemplateError) -> Value {
        try enter()
        defer { leave() }
        switch value {
        case .undefined: return .undefined(.other("the value is undefined"))
        case .none: return .none
        case .boolean(let value): return .boolean(value)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .string(let text): return .string(text)
        case .list(let elements):
            var items: [Value] = []
            items.reserveCapacity(elements.count)
            for element in elements { items.append(try self.value(element)) }
            return try list(items)
        case .dictionary(let pairs):
            var entries: [(key: Value, value: Value)] = []
            entries.reserveCapacity(pairs.count)
            for (key, value) in pairs {
                entries.append((.string(key), try self.value(value)))
            }
            return try dictionary(entries)
        }
    }
}
