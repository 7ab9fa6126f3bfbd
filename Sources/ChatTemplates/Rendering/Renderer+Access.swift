/// Attributes, subscripts and slices.
extension Renderer {
    /// `value.name`: a method of the value's type before an element of this name.
    func attribute(_ name: String, of value: Value) throws(TemplateError) -> Value {
        try builtinAttribute(name, of: value) ?? element(name, of: value)
            ?? .undefined(.attribute(name, type: value.typeName))
    }

    /// `value[key]`: an element before a method.
    func item(_ key: Value, of value: Value) throws(TemplateError) -> Value {
        if case .string(let name) = key.plain {
            return try element(name, of: value) ?? builtinAttribute(name, of: value)
                ?? .undefined(.attribute(name, type: value.typeName))
        }
        if case .undefined(let undefined) = value { throw fail(undefined.description) }
        if case .dictionary(let mapping) = value {
            switch key {
            case .list, .dictionary: break
            default: if let value = mapping[try hash(key)] { return value }
            }
        } else if let index = key.asInteger, let value = try element(at: index, of: value) {
            return value
        }
        return .undefined(.element(type: value.typeName))
    }

    private func element(_ name: String, of value: Value) throws(TemplateError) -> Value? {
        switch value {
        case .dictionary(let mapping): return mapping[name]
        case .undefined(let undefined): throw fail(undefined.description)
        default: return nil
        }
    }

    private func element(at index: Int, of value: Value) throws(TemplateError) -> Value? {
        func position(_ count: Int) -> Int? {
            let position = index < 0 ? index &+ count : index
            return 0..<count ~= position ? position : nil
        }
        switch value {
        case .list(let list), .tuple(let list):
            return position(list.items.count).map { list.items[$0] }
        case .range(let range):
            return position(range.count).map { .integer(range[$0]) }
        case .string(let text):
            try charge(bytes: text.utf8.count)
            let scalars = text.unicodeScalars
            guard let position = position(scalars.count) else { return nil }
            return .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: position)]))
        case .markup:
            return try element(at: index, of: value.plain).map(marked)
        default: return nil
        }
    }

    /// What the value's type has by this name; undefined if the sandbox forbids it.
    private func builtinAttribute(
        _ name: String, of value: Value
    ) throws(TemplateError) -> Value? {
        switch value {
        case .string, .markup:
            if StringMethod(rawValue: name) != nil { return method(name, of: value) }
        case .dictionary:
            if MappingMethod(rawValue: name) != nil { return method(name, of: value) }
            if ["clear", "pop", "popitem", "setdefault", "update"].contains(name) {
                return .undefined(.forbidden(name, type: "dict"))
            }
        case .list, .tuple, .range:
            if SequenceMethod(rawValue: name) != nil { return method(name, of: value) }
            if case .list = value, Self.listMutations.contains(name) {
                return .undefined(.forbidden(name, type: "list"))
            }
        case .namespace(let namespace): return namespace[name]
        case .loop(let loop): return try attribute(name, of: loop)
        case .macro(let macro):
            if name == "name" { return .string(macro.definition.name) }
        case .undefined(let undefined): throw fail(undefined.description)
        default: break
        }
        return nil
    }

    private static let listMutations = [
        "append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove",
    ]

    func slice(
        _ base: Expression, _ start: Expression?, _ stop: Expression?, _ step: Expression?,
        in scope: Scope
    ) throws(TemplateError) -> Value {
        let base = try evaluate(base, in: scope)
        var bounds: [Int?] = []
        for expression in [start, stop, step] {
            guard let expression else {
                bounds.append(nil)
                continue
            }
            let value = try evaluate(expression, in: scope)
            if case .none = value {
                bounds.append(nil)
            } else if let integer = value.asInteger {
                bounds.append(integer)
            } else {
                throw fail("slice indices must be integers or none")
            }
        }
        return try slice(base, SliceBounds(start: bounds[0], stop: bounds[1], step: bounds[2]))
    }

    private func slice(_ base: Value, _ bounds: SliceBounds) throws(TemplateError) -> Value {
        guard bounds.step != 0 else { throw fail("slice step cannot be zero") }
        switch base {
        case .string(let text):
            let scalars = Array(text.unicodeScalars)
            try charge(text.utf8.count)
            var result = String.UnicodeScalarView()
            for index in bounds.indices(of: scalars.count) { result.append(scalars[index]) }
            return .string(String(result))
        case .markup: return marked(try slice(base.plain, bounds))
        case .list(let items):
            return try list(bounds.indices(of: items.items.count).map { items.items[$0] })
        case .tuple(let items):
            return try tuple(bounds.indices(of: items.items.count).map { items.items[$0] })
        case .range(let range):
            return .range(range.slice(bounds))
        case .undefined(let undefined): throw fail(undefined.description)
        default: throw fail("'\(base.typeName)' object cannot be sliced")
        }
    }
}

/// `start:stop:step`
struct SliceBounds {
    var start: Int?
    var stop: Int?
    var step: Int?

    /// The indices that the slice takes of a sequence of so many elements; the step is not 0.
    func indices(of count: Int) -> StrideTo<Int> {
        let (first, last, step) = resolved(for: count)
        return stride(from: first, to: last, by: step)
    }

    fileprivate func resolved(for count: Int) -> (first: Int, last: Int, step: Int) {
        // A longer step reaches at most one element, like one of the sequence's length.
        let step = max(-count - 1, min(count + 1, self.step ?? 1))
        func clamp(_ bound: Int?, default defaultBound: Int) -> Int {
            guard let bound else { return defaultBound }
            let index = bound < 0 ? bound &+ count : bound
            return step > 0 ? min(max(index, 0), count) : min(max(index, -1), count - 1)
        }
        let first = clamp(start, default: step > 0 ? 0 : count - 1)
        let last = clamp(stop, default: step > 0 ? count : -1)
        return (first, last, step)
    }
}

extension ValueRange {
    fileprivate func slice(_ bounds: SliceBounds) -> ValueRange {
        let (first, last, step) = bounds.resolved(for: count)
        // Where these overflow, the slice has at most one element and they only matter to `repr`.
        return ValueRange(
            start: start &+ first &* self.step, stop: start &+ last &* self.step,
            step: self.step &* step, count: Array(bounds.indices(of: count)).count)
    }
}
