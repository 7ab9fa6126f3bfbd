/// The filters of lists and other things with elements.
extension Renderer {
    func applySequential(
        _ filter: Filter, to value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = filter.rawValue
        switch filter {
        case .join:
            let values = try arguments.bind(["d", "attribute"], of: name, self)
            var items = try elements(of: value)
            if let attribute = values[1], try !isNone(attribute) {
                let path = try AttributePath(attribute, self)
                items = try mapped(items) { (item) throws(TemplateError) in
                    try self.item(at: path, of: item)
                }
            }
            items = try mapped(items) { (item) throws(TemplateError) in
                .string(try text(of: item))
            }
            return .string(try join(items, with: try text(of: values[0] ?? .string(""))))
        case .batch, .slice: return try pieces(filter, of: value, arguments)
        default: break
        }
        _ = try arguments.bind([], of: name, self)
        switch filter {
        case .count, .length: return .integer(try length(of: value))
        case .list: return try list(try elements(of: value))
        case .first:
            let first: Value? =
                if case .iterator(let iterator) = value { iterator.next() } else {
                    try elements(of: value).first
                }
            return first ?? .undefined(.other("no first item, sequence was empty"))
        case .last:
            if case .iterator = value { throw fail("'generator' object is not reversible") }
            let last = try elements(of: value).last
            return last ?? .undefined(.other("no last item, sequence was empty"))
        case .items:
            if value.isUndefined { return .iterator(try iterator([])) }
            guard case .dictionary(let mapping) = value else {
                throw fail("can only get item pairs from a mapping")
            }
            let items = try items(of: MappingView(mapping: mapping, part: .items))
            return .iterator(try iterator(items))
        default:
            if case .string(let text) = value {
                try charge(bytes: text.utf8.count)
                return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
            }
            return .iterator(try iterator(try elements(of: value).reversed()))
        }
    }

    private func isNone(_ value: Value) throws(TemplateError) -> Bool {
        if case .none = value { true } else { false }
    }

    func mapped(
        _ items: [Value], _ transform: (Value) throws(TemplateError) -> Value
    ) throws(TemplateError) -> [Value] {
        var results: [Value] = []
        results.reserveCapacity(items.count)
        for item in items { results.append(try transform(item)) }
        return results
    }

    /// `batch` makes lists of a given length, `slice` a given number of lists.
    private func pieces(
        _ filter: Filter, of value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = filter.rawValue
        let values = try arguments.bind(["count", "fill_with"], required: 1, of: name, self)
        let items = try elements(of: value)
        guard let count = try integer(values[0], of: name), count > 0 else {
            throw fail("\(name) takes a positive number")
        }
        var fill = values[1]
        if case .none? = fill { fill = nil }
        var pieces: [Value] = []
        if filter == .batch {
            for start in stride(from: 0, to: items.count, by: count) {
                var piece = Array(items[start..<min(items.count, start + min(count, items.count))])
                if let fill, piece.count < count {
                    try charge(count - piece.count)
                    piece += repeatElement(fill, count: count - piece.count)
                }
                pieces.append(try list(piece))
            }
            return .iterator(try iterator(pieces))
        }
        try charge(count)
        let (size, extra) = items.count.quotientAndRemainder(dividingBy: count)
        var start = 0
        for index in 0..<count {
            let end = start + size + (index < extra ? 1 : 0)
            var piece = Array(items[start..<end])
            if let fill, index >= extra { piece.append(fill) }
            pieces.append(try list(piece))
            start = end
        }
        return .iterator(try iterator(pieces))
    }

    // MARK: Selection

    func applySelecting(
        _ filter: Filter, to value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        guard value.isTrue else { return .iterator(try iterator([])) }
        var results: [Value] = []
        if filter == .map {
            let transform = try mapping(arguments)
            results = try mapped(try elements(of: value), transform)
        } else {
            let keeps = filter == .select || filter == .selectattr
            let test = try selection(filter, arguments)
            for item in try elements(of: value) where try test(item) == keeps {
                results.append(item)
            }
        }
        return .iterator(try iterator(results))
    }

    /// What `map` does to each element: another filter, or an attribute is taken.
    private func mapping(
        _ arguments: Arguments
    ) throws(TemplateError) -> (Value) throws(TemplateError) -> Value {
        if arguments.positional.isEmpty, arguments.named.contains(where: { $0.name == "attribute" })
        {
            let values = try arguments.bind(["attribute", "default"], of: "map", self)
            let path = try AttributePath(values[0] ?? .none, self)
            return { [self] (item) throws(TemplateError) in
                let result = try self.item(at: path, of: item, default: values[1])
                return result
            }
        }
        guard case .string(let name)? = arguments.positional.first else {
            throw fail("map requires a filter argument")
        }
        guard let filter = Filter(rawValue: name) else { throw fail("no filter named '\(name)'") }
        let rest = Arguments(
            positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        return { [self] (item) throws(TemplateError) in try apply(filter, to: item, rest) }
    }

    /// The test of `select` and `reject`, or of an attribute for `selectattr` and `rejectattr`.
    private func selection(
        _ filter: Filter, _ arguments: Arguments
    ) throws(TemplateError) -> (Value) throws(TemplateError) -> Bool {
        var positional = arguments.positional[...]
        var path = AttributePath()
        if filter == .selectattr || filter == .rejectattr {
            guard let attribute = positional.popFirst() else {
                throw fail("missing parameter for attribute name")
            }
            path = try AttributePath(attribute, self)
        }
        guard let testName = positional.popFirst() else {
            return { [self] (item) throws(TemplateError) in
                try self.item(at: path, of: item).isTrue
            }
        }
        guard case .string(let name) = testName, let test = ValueTest(rawValue: name) else {
            throw fail("no test named '\(try text(of: testName))'")
        }
        let rest = Arguments(positional: Array(positional), named: arguments.named)
        return { [self] (item) throws(TemplateError) in
            try apply(test, to: try self.item(at: path, of: item), rest)
        }
    }
}

/// Where to find an attribute of an element: "function.parameters", "0" or 0.
struct AttributePath {
    var keys: [Value] = []

    init() {}

    init(_ attribute: Value, _ renderer: Renderer) throws(TemplateError) {
        switch attribute {
        case .none: break
        case .string(let text):
            for part in text.split(separator: ".") {
                let isIndex = !part.isEmpty && part.utf8.allSatisfy { 0x30...0x39 ~= $0 }
                keys.append(isIndex ? Int(part).map(Value.integer) ?? .none : .string(part))
            }
        default: keys = [attribute]
        }
        try renderer.charge(keys.count)
    }
}

extension Renderer {
    func item(
        at path: AttributePath, of value: Value, default fallback: Value? = nil
    ) throws(TemplateError) -> Value {
        var value = value
        for key in path.keys {
            try charge()
            value = try item(key, of: value)
            if value.isUndefined, let fallback {
                if case .none = fallback { continue }
                value = fallback
            }
        }
        return value
    }
}
