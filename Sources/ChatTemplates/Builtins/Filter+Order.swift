/// The filters that compare or add elements.
extension Renderer {
    func applyOrdering(
        _ filter: Filter, to value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = filter.rawValue
        switch filter {
        case .dictsort: return try sortDictionary(value, arguments)
        case .sort:
            let values = try arguments.bind(
                ["reverse", "case_sensitive", "attribute"], of: name, self)
            let items = try elements(of: value)
            let keys = try sortKeys(items, values[2], isCaseSensitive: values[1]?.isTrue ?? false)
            return try list(
                try sorted(items, by: keys, isReversed: values[0]?.isTrue ?? false))
        case .unique:
            let values = try arguments.bind(["case_sensitive", "attribute"], of: name, self)
            let items = try elements(of: value)
            let keys = try keys(items, values[1], isCaseSensitive: values[0]?.isTrue ?? false)
            var seen: Set<MappingKey> = []
            var kept: [Value] = []
            for (item, key) in zip(items, keys) where seen.insert(try hash(key)).inserted {
                kept.append(item)
            }
            return .iterator(try iterator(kept))
        case .min, .max:
            let values = try arguments.bind(["case_sensitive", "attribute"], of: name, self)
            let items = try elements(of: value)
            let keys = try keys(items, values[1], isCaseSensitive: values[0]?.isTrue ?? false)
            var best: Int?
            for index in items.indices {
                guard let current = best else {
                    best = index
                    continue
                }
                let wanted: Order = filter == .min ? .less : .greater
                if try order(keys[index], keys[current]) == wanted { best = index }
            }
            return best.map { items[$0] }
                ?? .undefined(.other("no aggregated item, sequence was empty"))
        default:
            let values = try arguments.bind(["attribute", "start"], of: name, self)
            var sum = values[1] ?? .integer(0)
            if case .string = sum { throw fail("sum cannot add strings") }
            for item in try keys(try elements(of: value), values[0], isCaseSensitive: true) {
                sum = try apply(.add, sum, item)
            }
            return sum
        }
    }

    private func folded(_ value: Value) throws(TemplateError) -> Value {
        guard case .string(let text) = value else { return value }
        try charge(bytes: text.utf8.count)
        return .string(text.pythonLowercased())
    }

    /// What elements are compared by: an attribute or the element itself, without case if wanted.
    private func keys(
        _ items: [Value], _ attribute: Value?, isCaseSensitive: Bool
    ) throws(TemplateError) -> [Value] {
        let path = try AttributePath(attribute ?? .none, self)
        return try mapped(items) { (item) throws(TemplateError) in
            let key = try self.item(at: path, of: item)
            return isCaseSensitive ? key : try folded(key)
        }
    }

    /// Like `keys`, for several attributes with commas between them.
    private func sortKeys(
        _ items: [Value], _ attributes: Value?, isCaseSensitive: Bool
    ) throws(TemplateError) -> [Value] {
        var columns: [[Value]] = []
        if case .string(let names)? = attributes {
            for name in names.split(separator: ",") {
                columns.append(
                    try keys(items, .string(name), isCaseSensitive: isCaseSensitive))
            }
        } else {
            columns.append(try keys(items, attributes, isCaseSensitive: isCaseSensitive))
        }
        var rows: [Value] = []
        for index in items.indices { rows.append(try list(columns.map { $0[index] })) }
        return rows
    }

    private func sorted(
        _ items: [Value], by keys: [Value], isReversed: Bool
    ) throws(TemplateError) -> [Value] {
        // Reversed twice, equal elements stay in their order.
        let positions = isReversed ? Array(items.indices.reversed()) : Array(items.indices)
        let order = try sorted(positions, by: keys)
        return (isReversed ? order.reversed() : order).map { items[$0] }
    }

    private func sortDictionary(
        _ value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let values = try arguments.bind(
            ["case_sensitive", "by", "reverse"], of: "dictsort", self)
        var part = MappingView.Part.keys
        if let by = values[1] {
            switch by {
            case .string("key"): break
            case .string("value"): part = .values
            default: throw fail("you can only sort by either \"key\" or \"value\"")
            }
        }
        guard case .dictionary(let mapping) = value else {
            if case .undefined(let undefined) = value { throw fail(undefined.description) }
            throw fail("'\(value.typeName)' object has no attribute 'items'")
        }
        let keys = try keys(
            part == .keys ? mapping.keys : mapping.values, nil,
            isCaseSensitive: values[0]?.isTrue ?? false)
        let items = try items(of: MappingView(mapping: mapping, part: .items))
        return try list(
            try sorted(items, by: keys, isReversed: values[2]?.isTrue ?? false))
    }
}
