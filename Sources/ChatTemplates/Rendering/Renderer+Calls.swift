/// Calls of macros, methods and global functions.
extension Renderer {
    func call(_ callee: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
        switch callee {
        case .macro(let macro): return try call(macro, arguments)
        case .function(let function): return try call(function, arguments)
        case .method(let method): return try call(method, arguments)
        case .undefined(let undefined): throw fail(undefined.description)
        default: throw fail("'\(callee.typeName)' object is not callable")
        }
    }

    private func call(
        _ method: BoundMethod, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        switch method.receiver {
        case .string(let text):
            guard let method = StringMethod(rawValue: method.name) else { break }
            return try call(method, of: text, arguments)
        case .markup(let text):
            guard let method = StringMethod(rawValue: method.name) else { break }
            return try callOnMarkup(method, of: text, arguments)
        case .dictionary(let mapping):
            guard let method = MappingMethod(rawValue: method.name) else { break }
            return try call(method, of: mapping, arguments)
        case .list, .tuple, .range:
            guard let name = SequenceMethod(rawValue: method.name) else { break }
            return try call(name, of: method.receiver, arguments)
        case .loop(let loop):
            return try callMethod(method.name, of: loop, arguments)
        default: break
        }
        throw fail("'\(method.receiver.typeName)' object has no method '\(method.name)'")
    }

    private func call(
        _ method: MappingMethod, of mapping: Mapping, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        try arguments.refuseNamed(by: method.rawValue, self)
        switch method {
        case .get:
            let values = try arguments.bind(["key", "default"], required: 1, of: "get", self)
            return mapping[try hash(values[0] ?? .none)] ?? values[1] ?? .none
        case .keys, .values, .items:
            _ = try arguments.bind([], of: method.rawValue, self)
            let part = MappingView.Part(rawValue: method.rawValue) ?? .keys
            return .view(MappingView(mapping: mapping, part: part))
        case .copy:
            _ = try arguments.bind([], of: "copy", self)
            return .dictionary(mapping)
        }
    }

    private func call(
        _ method: SequenceMethod, of sequence: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        try arguments.refuseNamed(by: method.rawValue, self)
        if method == .copy {
            _ = try arguments.bind([], of: "copy", self)
            return sequence
        }
        let parameters = method == .index ? ["value", "start", "stop"] : ["value"]
        let values = try arguments.bind(parameters, required: 1, of: method.rawValue, self)
        let wanted = values[0] ?? .none
        let items = try elements(of: sequence)
        if method == .count {
            var count = 0
            for item in items where try areEqual(item, wanted) { count += 1 }
            return .integer(count)
        }
        let bounds = SliceBounds(start: values[1]?.asInteger, stop: values[2]?.asInteger)
        for index in bounds.indices(of: items.count) where try areEqual(items[index], wanted) {
            return .integer(index)
        }
        throw fail("the value is not in the \(sequence.typeName)")
    }
}

enum MappingMethod: String {
    case get, keys, values, items, copy
}

enum SequenceMethod: String {
    case index, count, copy
}
