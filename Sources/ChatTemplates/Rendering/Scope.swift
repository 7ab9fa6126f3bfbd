/// The variables of one frame being rendered.
final class Scope {
    let parent: Scope?
    private var symbols: [Symbol] = []
    private var values: [Value] = []
    /// Where each variable is, once there are too many to search.
    private var positions: [Symbol: Int]?

    /// The variables that the frame uses.
    private let mentioned: Set<Symbol>

    private static let searchedMax = 24

    init(parent: Scope?, frame: Frame? = nil) {
        self.parent = parent
        mentioned = frame?.mentioned ?? []
    }

    /// Whether this frame or one around it uses a variable anywhere.
    func isMentioned(_ symbol: Symbol) -> Bool {
        var scope: Scope? = self
        while let current = scope {
            if current.mentioned.contains(symbol) { return true }
            scope = current.parent
        }
        return false
    }

    private func position(of symbol: Symbol) -> Int? {
        if let positions { return positions[symbol] }
        return symbols.firstIndex(of: symbol)
    }

    /// The value of a variable of this scope or of one around it.
    func find(_ symbol: Symbol) -> Value? {
        var scope: Scope? = self
        while let current = scope {
            if let position = current.position(of: symbol) { return current.values[position] }
            scope = current.parent
        }
        return nil
    }

    func set(_ symbol: Symbol, to value: Value) {
        if let position = position(of: symbol) {
            values[position] = value
            return
        }
        positions?[symbol] = symbols.count
        symbols.append(symbol)
        values.append(value)
        if positions == nil, symbols.count > Self.searchedMax {
            positions = Dictionary(
                uniqueKeysWithValues: symbols.enumerated().map { ($0.element, $0.offset) })
        }
    }

    func removeAll() {
        symbols.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        positions = nil
    }
}
