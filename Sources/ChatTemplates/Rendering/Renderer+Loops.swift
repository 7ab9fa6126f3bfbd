/// A `for` loop being rendered: what templates see as `loop`.
final class LoopState {
    let loop: Loop
    fileprivate let source: ValueIterator
    /// The scope around the loop, where its condition is evaluated; nil when the loop is over,
    /// because that scope may refer back to the loop.
    fileprivate var scope: Scope?
    /// Elements taken from the source before their turn, from `aheadPosition` on.
    fileprivate var ahead: [Value] = []
    fileprivate var aheadPosition = 0
    fileprivate var length: Int?
    /// The arguments of the last `changed`.
    var lastChanged: Value?
    /// Counts iterations from 0; -1 before the first.
    fileprivate(set) var index0 = -1
    fileprivate(set) var previous: Value?
    fileprivate var current: Value?

    fileprivate init(loop: Loop, source: ValueIterator, scope: Scope) {
        self.loop = loop
        self.source = source
        self.scope = scope
    }

    var depth: Int {
        source.depth + 1
    }
}

/// `for` loops. A loop's condition is evaluated when its next element is asked for, so it sees what
/// the body did before.
extension Renderer {
    func render(
        _ loop: Loop, in scope: Scope, into output: inout String
    ) throws(TemplateError) {
        let source = try iterator(over: try evaluate(loop.iterable, in: scope))
        let state = LoopState(loop: loop, source: source, scope: scope)
        defer { state.scope = nil }
        let inner = Scope(parent: scope, frame: loop.frame)
        var hasCompletedBody = false
        while let item = try advance(state) {
            inner.removeAll()
            try assign(item, to: loop.target, in: inner)
            inner.set(loop.stateSymbol, to: .loop(state))
            let flow = try render(loop.frame, in: inner, into: &output)
            if flow == .breakLoop { break }
            if flow == .normal { hasCompletedBody = true }
        }
        // jinja2 asks whether a body came to its end, so `break` in the first counts as none.
        if let otherwise = loop.otherwise, !hasCompletedBody {
            _ = try render(otherwise, in: Scope(parent: scope, frame: otherwise), into: &output)
        }
    }

    private func advance(_ state: LoopState) throws(TemplateError) -> Value? {
        guard let item = try peek(state) else { return nil }
        state.aheadPosition += 1
        state.index0 += 1
        state.previous = state.current
        state.current = item
        return item
    }

    /// The next element, left in its place.
    func peek(_ state: LoopState) throws(TemplateError) -> Value? {
        if state.aheadPosition < state.ahead.count { return state.ahead[state.aheadPosition] }
        state.ahead.removeAll(keepingCapacity: true)
        state.aheadPosition = 0
        guard let item = try pull(state) else { return nil }
        state.ahead.append(item)
        return item
    }

    func length(of state: LoopState) throws(TemplateError) -> Int {
        if let length = state.length { return length }
        while let item = try pull(state) { state.ahead.append(item) }
        let length = state.index0 + 1 + state.ahead.count - state.aheadPosition
        state.length = length
        return length
    }

    /// Takes the next element that meets the loop's condition from the source.
    private func pull(_ state: LoopState) throws(TemplateError) -> Value? {
        guard let scope = state.scope else { return nil }
        while let item = state.source.next() {
            try charge()
            guard let condition = state.loop.condition else { return item }
            let inner = Scope(parent: scope)
            try assign(item, to: state.loop.target, in: inner)
            if try evaluate(condition, in: inner).isTrue { return item }
        }
        return nil
    }

    /// An attribute of `loop`; nil if there is none of this name.
    func attribute(_ name: String, of state: LoopState) throws(TemplateError) -> Value? {
        switch name {
        case "index": .integer(state.index0 + 1)
        case "index0": .integer(state.index0)
        case "first": .boolean(state.index0 == 0)
        case "last": .boolean(try peek(state) == nil)
        case "length": .integer(try length(of: state))
        case "revindex": .integer(try length(of: state) - state.index0)
        case "revindex0": .integer(try length(of: state) - state.index0 - 1)
        case "previtem": state.previous ?? .undefined(.other("there is no previous item"))
        case "nextitem": try peek(state) ?? .undefined(.other("there is no next item"))
        case "depth": .integer(1)
        case "depth0": .integer(0)
        case "cycle", "changed": method(name, of: .loop(state))
        default: nil
        }
    }

    func callMethod(
        _ name: String, of state: LoopState, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        try arguments.refuseNamed(by: name, self)
        guard name == "changed" else {
            let values = arguments.positional
            guard !values.isEmpty else { throw fail("no items for cycling given") }
            return values[max(0, state.index0) % values.count]
        }
        let values = try tuple(arguments.positional)
        if let last = state.lastChanged, try areEqual(last, values) { return .boolean(false) }
        state.lastChanged = values
        return .boolean(true)
    }
}
