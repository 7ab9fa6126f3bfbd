/// Equality, order, membership and dictionary keys.
extension Renderer {
    func areEqual(_ left: Value, _ right: Value) throws(TemplateError) -> Bool {
        try enter()
        defer { leave() }
        switch (left.plain, right.plain) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let left), .string(let right)):
            try charge(bytes: left.utf8.count)
            return left.isExactly(right)
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            return try areEqual(left.items, right.items)
        case (.dictionary(let left), .dictionary(let right)):
            return try areEqual(left, right)
        case (.range(let left), .range(let right)):
            return left.count == right.count
                && (left.count == 0 || left.start == right.start)
                && (left.count < 2 || left.step == right.step)
        case (.view(let left), .view(let right)):
            guard left.part != .values, right.part != .values else { return false }
            let others = try items(of: right)
            guard left.mapping.count == others.count else { return false }
            for item in try items(of: left) {
                guard try contains(item, in: others) else { return false }
            }
            return true
        case (.iterator(let left), .iterator(let right)): return left === right
        case (.namespace(let left), .namespace(let right)): return left === right
        case (.macro(let left), .macro(let right)): return left === right
        case (.loop(let left), .loop(let right)): return left === right
        case (.function(let left), .function(let right)): return left == right
        case (.method(let left), .method(let right)):
            guard left.name == right.name else { return false }
            return try areEqual(left.receiver, right.receiver)
        default: return numericOrder(left, right) == .equal
        }
    }

    private func areEqual(_ left: [Value], _ right: [Value]) throws(TemplateError) -> Bool {
        guard left.count == right.count else { return false }
        for (left, right) in zip(left, right) {
            guard try areEqual(left, right) else { return false }
        }
        return true
    }

    private func areEqual(_ left: Mapping, _ right: Mapping) throws(TemplateError) -> Bool {
        guard left.count == right.count else { return false }
        for (key, value) in zip(left.keys, left.values) {
            guard let other = right[try hash(key)], try areEqual(value, other) else { return false }
        }
        return true
    }

    private func contains(_ item: Value, in items: [Value]) throws(TemplateError) -> Bool {
        for other in items {
            if try areEqual(item, other) { return true }
        }
        return false
    }

    /// `item in container`
    func contains(_ item: Value, in container: Value) throws(TemplateError) -> Bool {
        switch container.plain {
        case .string(let text):
            guard case .string(let part) = item.plain else {
                throw fail("'in <string>' requires string as left operand, not \(item.typeName)")
            }
            return try contains(part, in: text)
        case .dictionary(let mapping):
            return mapping[try hash(item)] != nil
        case .view(let view) where view.part == .keys:
            return view.mapping[try hash(item)] != nil
        case .range(let range):
            let value = item.asInteger ?? item.asNumber.flatMap { Int(exactly: $0) }
            return value.flatMap(range.index) != nil
        case .iterator(let iterator):
            while let other = iterator.next() {
                if try areEqual(item, other) { return true }
            }
            return false
        case .list, .tuple, .view, .undefined:
            return try contains(item, in: try elements(of: container))
        default:
            throw fail("argument of type '\(container.typeName)' is not iterable")
        }
    }

    private func contains(_ part: String, in text: String) throws(TemplateError) -> Bool {
        try charge(bytes: text.utf8.count + part.utf8.count)
        if part.isEmpty { return true }
        return !ByteSearch(Array(part.utf8)).matches(in: Array(text.utf8), limit: 1).isEmpty
    }

    enum Order {
        case less, equal, greater
        /// A comparison with "not a number".
        case unordered
    }

    /// The order of two numbers; nil if one is not a number.
    private func numericOrder(_ left: Value, _ right: Value) -> Order? {
        if let left = left.asInteger, let right = right.asInteger {
            return left < right ? .less : left == right ? .equal : .greater
        }
        guard let number = left.asNumber, let other = right.asNumber else { return nil }
        if let left = left.asInteger { return order(left, other) }
        if let right = right.asInteger {
            return switch order(right, number) {
            case .less: .greater
            case .greater: .less
            case let same: same
            }
        }
        return number < other
            ? .less : number == other ? .equal : number > other ? .greater : .unordered
    }

    /// Compares an integer with a float exactly.
    private func order(_ left: Int, _ right: Double) -> Order {
        if right.isNaN { return .unordered }
        let whole = right.rounded(.down)
        guard let integer = Int(exactly: whole) else { return right > 0 ? .less : .greater }
        if left != integer { return left < integer ? .less : .greater }
        return whole == right ? .equal : .less
    }

    /// The order of two values that have one.
    func order(_ left: Value, _ right: Value) throws(TemplateError) -> Order {
        try enter()
        defer { leave() }
        switch (left.plain, right.plain) {
        case (.string(let left), .string(let right)):
            try charge(bytes: min(left.utf8.count, right.utf8.count))
            if left.isExactly(right) { return .equal }
            // UTF-8 sorts as code points do.
            return left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            for (left, right) in zip(left.items, right.items) {
                if try !areEqual(left, right) { return try order(left, right) }
            }
            let (count, other) = (left.items.count, right.items.count)
            return count < other ? .less : count == other ? .equal : .greater
        case (.undefined(let undefined), _), (_, .undefined(let undefined)):
            throw fail(undefined.description)
        default:
            guard let order = numericOrder(left, right) else {
                throw fail(
                    "'\(left.typeName)' and '\(right.typeName)' cannot be ordered")
            }
            return order
        }
    }

    /// What dictionaries look the value up by.
    func hash(_ value: Value) throws(TemplateError) -> MappingKey {
        switch value {
        case .string(let text), .markup(let text): return .string(ExactString(text))
        case .none: return .none
        case .undefined: return .undefined
        case .boolean, .integer: return .integer(value.asInteger ?? 0)
        case .number(let value):
            return Int(exactly: value).map(MappingKey.integer) ?? .number(value)
        case .tuple(let list):
            try enter()
            defer { leave() }
            var keys: [MappingKey] = []
            for item in list.items { keys.append(try hash(item)) }
            return .tuple(keys)
        case .namespace(let namespace): return .object(ObjectIdentifier(namespace))
        case .macro(let macro): return .object(ObjectIdentifier(macro))
        case .loop(let loop): return .object(ObjectIdentifier(loop))
        case .iterator(let iterator): return .object(ObjectIdentifier(iterator))
        case .list, .dictionary, .range, .view, .function, .method:
            throw fail("unhashable type: '\(value.typeName)'")
        }
    }
}
