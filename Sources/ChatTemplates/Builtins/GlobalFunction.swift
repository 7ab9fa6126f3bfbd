/// The functions that every template can call.
enum GlobalFunction: String, CaseIterable {
    case range, dict, namespace
    case raiseException = "raise_exception"
    case strftimeNow = "strftime_now"
}

extension Renderer {
    func call(
        _ function: GlobalFunction, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        switch function {
        case .range: return try range(arguments)
        case .dict: return try dictionary(try entries(arguments, of: "dict"))
        case .namespace:
            let namespace = makeNamespace()
            for (key, value) in try entries(arguments, of: "namespace") {
                guard case .string(let name) = key else {
                    throw fail("attributes of a namespace are named by strings")
                }
                try set(name, to: value, in: namespace)
            }
            return .namespace(namespace)
        case .raiseException:
            let values = try arguments.bind(
                ["message"], required: 1, of: "raise_exception", self)
            let message = try text(of: values[0] ?? .none)
            throw TemplateError(kind: .raised, line: line, reason: message)
        case .strftimeNow:
            let values = try arguments.bind(["format"], required: 1, of: "strftime_now", self)
            guard case .string(let format)? = values[0] else {
                throw fail("strftime_now takes a string")
            }
            try checkText(bytes: format.utf8.count * 32)
            return .string(clock().formatted(format))
        }
    }

    private func range(_ arguments: Arguments) throws(TemplateError) -> Value {
        try arguments.refuseNamed(by: "range", self)
        var bounds: [Int] = []
        for value in arguments.positional {
            guard let bound = value.asInteger else {
                throw fail("'\(value.typeName)' object cannot be interpreted as an integer")
            }
            bounds.append(bound)
        }
        guard 1...3 ~= bounds.count else { throw fail("range takes 1 to 3 arguments") }
        let start = bounds.count == 1 ? 0 : bounds[0]
        let stop = bounds.count == 1 ? bounds[0] : bounds[1]
        let step = bounds.count == 3 ? bounds[2] : 1
        guard step != 0 else { throw fail("range step must not be zero") }
        guard step > 0 ? start < stop : start > stop else {
            return .range(ValueRange(start: start, stop: stop, step: step, count: 0))
        }
        let distance = stop.subtractingReportingOverflow(start)
        let count = (distance.partialValue.magnitude - 1) / step.magnitude + 1
        guard !distance.overflow, count <= TemplateLimits.rangeCountMax else {
            throw failLimit("a range has more than \(TemplateLimits.rangeCountMax) elements")
        }
        return .range(ValueRange(start: start, stop: stop, step: step, count: Int(count)))
    }

    /// What `dict` makes of its arguments: a mapping or a list of pairs, then keywords.
    private func entries(
        _ arguments: Arguments, of function: String
    ) throws(TemplateError) -> [(key: Value, value: Value)] {
        var entries: [(key: Value, value: Value)] = []
        guard arguments.positional.count <= 1 else {
            throw fail("\(function) takes at most 1 positional argument")
        }
        if case .undefined(let undefined)? = arguments.positional.first {
            throw fail(undefined.description)
        }
        if case .dictionary(let mapping)? = arguments.positional.first {
            entries = zip(mapping.keys, mapping.values).map { ($0, $1) }
        } else if let pairs = arguments.positional.first {
            for pair in try elements(of: pairs) {
                let pair = try elements(of: pair)
                guard pair.count == 2 else { throw fail("\(function) takes pairs") }
                entries.append((pair[0], pair[1]))
            }
        }
        try charge(entries.count)
        return entries + arguments.named.map { (key: .string($0.name), value: $0.value) }
    }
}
