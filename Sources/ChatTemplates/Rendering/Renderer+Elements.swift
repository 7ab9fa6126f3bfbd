/// Iteration over values.
extension Renderer {
    /// The elements that a `for` loop would see. Takes all from an iterator.
    func elements(of value: Value) throws(TemplateError) -> [Value] {
        let elements: [Value]
        switch value {
        case .list(let list), .tuple(let list): elements = list.items
        case .string(let text), .markup(let text):
            try charge(text.utf8.count)
            elements = text.unicodeScalars.map { .string(String($0)) }
        case .dictionary(let mapping): elements = mapping.keys
        case .view(let view): elements = try items(of: view)
        case .range(let range): elements = (0..<range.count).map { .integer(range[$0]) }
        case .iterator(let iterator): elements = iterator.takeRest()
        case .undefined: elements = []
        case .none, .boolean, .integer, .number, .namespace, .loop, .macro, .function, .method:
            throw fail("'\(value.typeName)' object is not iterable")
        }
        try charge(elements.count)
        return elements
    }

    func iterator(over value: Value) throws(TemplateError) -> ValueIterator {
        if case .iterator(let iterator) = value { return iterator }
        return try iterator(try elements(of: value))
    }

    func items(of view: MappingView) throws(TemplateError) -> [Value] {
        let mapping = view.mapping
        switch view.part {
        case .keys: return mapping.keys
        case .values: return mapping.values
        case .items:
            var items: [Value] = []
            items.reserveCapacity(mapping.count)
            for (key, value) in zip(mapping.keys, mapping.values) {
                items.append(try tuple([key, value]))
            }
            return items
        }
    }

    /// `len`
    func length(of value: Value) throws(TemplateError) -> Int {
        switch value {
        case .string(let text), .markup(let text):
            try charge(bytes: text.utf8.count)
            return text.unicodeScalars.count
        case .list(let list), .tuple(let list): return list.items.count
        case .dictionary(let mapping): return mapping.count
        case .view(let view): return view.mapping.count
        case .range(let range): return range.count
        case .loop(let loop): return try length(of: loop)
        case .undefined: return 0
        case .none, .boolean, .integer, .number, .iterator, .namespace, .macro, .function, .method:
            throw fail("object of type '\(value.typeName)' has no length")
        }
    }
}
