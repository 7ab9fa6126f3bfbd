/// A value while a template is rendered: Python's, as far as templates can see them.
enum Value {
    indirect case undefined(Undefined)
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    /// Text that `safe` or `escape` marked as safe for HTML: what joins it is escaped.
    case markup(String)
    case list(ValueList)
    case tuple(ValueList)
    case dictionary(Mapping)
    indirect case range(ValueRange)
    case view(MappingView)
    case iterator(ValueIterator)
    case namespace(Namespace)
    case loop(LoopState)
    case macro(Macro)
    case function(GlobalFunction)
    indirect case method(BoundMethod)
}

/// What was looked up in vain. Printing it prints nothing; using it fails with this description.
enum Undefined {
    case variable(String)
    case attribute(String, type: String)
    case element(type: String)
    case forbidden(String, type: String)
    case parameter(String)
    case other(String)

    var description: String {
        switch self {
        case .variable(let name): "'\(name)' is undefined"
        case .attribute(let name, let type): "'\(type)' object has no attribute '\(name)'"
        case .element(let type): "'\(type)' object has no such element"
        case .forbidden(let name, let type):
            "access to attribute '\(name)' of '\(type)' object is forbidden"
        case .parameter(let name): "parameter '\(name)' was not provided"
        case .other(let reason): reason
        }
    }
}

/// The elements of a list or tuple.
struct ValueList {
    let items: [Value]
    /// How deep values nest below, this one included.
    let depth: Int

    /// Only `Renderer` makes lists, because it bounds their depth.
    init(items: [Value], depth: Int) {
        self.items = items
        self.depth = depth
    }
}

/// `range(start, stop, step)`: never empty steps, at most `TemplateLimits.rangeCountMax` elements.
struct ValueRange {
    let start: Int
    let stop: Int
    let step: Int
    let count: Int

    subscript(index: Int) -> Int {
        start + index * step
    }

    func index(of value: Int) -> Int? {
        guard count > 0, min(start, self[count - 1]) <= value,
            value <= max(start, self[count - 1]), (value - start) % step == 0
        else { return nil }
        return (value - start) / step
    }
}

/// Elements that can be taken once, as of Python's generators.
final class ValueIterator {
    private let items: [Value]
    private var position = 0
    let depth: Int

    init(items: [Value], depth: Int) {
        self.items = items
        self.depth = depth
    }

    func next() -> Value? {
        guard position < items.count else { return nil }
        position += 1
        return items[position - 1]
    }

    func takeRest() -> [Value] {
        defer { position = items.count }
        return position == 0 ? items : Array(items[position...])
    }
}

/// The one kind of value that templates can change. The renderer knows all of them and empties
/// them at the end: they may refer to each other in circles.
final class Namespace {
    private(set) var names: [String] = []
    private(set) var values: [Value] = []
    private var positions: [ExactString: Int] = [:]

    subscript(name: String) -> Value? {
        positions[ExactString(name)].map { values[$0] }
    }

    func set(_ name: String, to value: Value) {
        if let position = positions[ExactString(name)] {
            values[position] = value
        } else {
            positions[ExactString(name)] = names.count
            names.append(name)
            values.append(value)
        }
    }

    func removeAll() {
        names = []
        values = []
        positions = [:]
    }
}

/// A macro, or the body of a call block, together with the scope that it was defined in.
final class Macro {
    let definition: MacroDefinition
    let scope: Scope

    init(definition: MacroDefinition, scope: Scope) {
        self.definition = definition
        self.scope = scope
    }
}

/// A method of a value, not called yet.
struct BoundMethod {
    var receiver: Value
    var name: String
}

extension Value {
    /// The type's name in Python.
    var typeName: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "NoneType"
        case .boolean: "bool"
        case .integer: "int"
        case .number: "float"
        case .string: "str"
        case .markup: "Markup"
        case .list: "list"
        case .tuple: "tuple"
        case .dictionary: "dict"
        case .range: "range"
        case .view(let view): view.typeName
        case .iterator: "generator"
        case .namespace: "Namespace"
        case .loop: "LoopContext"
        case .macro: "Macro"
        case .function: "function"
        case .method: "builtin_function_or_method"
        }
    }

    /// How deep values nest in this one.
    var depth: Int {
        switch self {
        case .list(let list), .tuple(let list): list.depth
        case .dictionary(let mapping): mapping.depth
        case .view(let view): view.mapping.depth + 1
        case .iterator(let iterator): iterator.depth
        case .loop(let loop): loop.depth
        case .method(let method): method.receiver.depth + 1
        default: 0
        }
    }

    /// Whether a condition takes the value for true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let value), .markup(let value): !value.isEmpty
        case .list(let list), .tuple(let list): !list.items.isEmpty
        case .dictionary(let mapping): mapping.count > 0
        case .range(let range): range.count > 0
        case .view(let view): view.mapping.count > 0
        case .iterator, .namespace, .loop, .macro, .function, .method: true
        }
    }

    /// The value, markup as the string that it also is.
    var plain: Value {
        if case .markup(let text) = self { .string(text) } else { self }
    }

    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }

    /// The integer that a boolean or integer is.
    var asInteger: Int? {
        switch self {
        case .integer(let value): value
        case .boolean(let value): value ? 1 : 0
        default: nil
        }
    }

    /// The float that a number is.
    var asNumber: Double? {
        if case .number(let value) = self { return value }
        return asInteger.map(Double.init)
    }

    init(_ constant: Constant) {
        switch constant {
        case .none: self = .none
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        }
    }
}

extension String {
    /// Equality of Python strings: character by character, without Unicode's equivalences.
    func isExactly(_ other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}
