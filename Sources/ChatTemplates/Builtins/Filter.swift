/// The filters, `value|filter(arguments)`.
enum Filter: String {
    case abs, attr, batch, capitalize, center, count, d, `default`, dictsort, e, escape, first
    case float, forceescape, format, indent, int, items, join, last, length, list, lower, map
    case max, min, reject, rejectattr, replace, reverse, round, safe, select, selectattr, slice
    case sort, string, sum, title, tojson, trim, truncate, unique, upper, wordcount
}

extension Renderer {
    func applyFilter(
        _ name: FilterName, _ base: Expression, _ arguments: CallArguments, in scope: Scope
    ) throws(TemplateError) -> Value {
        let value = try evaluate(base, in: scope)
        guard case .known(let filter) = name else { throw failUnknown(name) }
        let arguments = try evaluate(arguments, in: scope)
        if case .markup(let text) = value {
            return try applyToMarkup(filter, text, arguments)
        }
        return try apply(filter, to: value, arguments)
    }

    private func failUnknown(_ name: FilterName) -> TemplateError {
        if case .unknown(let name) = name { return fail("no filter named '\(name)'") }
        return fail("no such filter")
    }

    func apply(
        _ filter: Filter, to value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        try enter()
        defer { leave() }
        switch filter {
        case .default, .d, .string, .safe, .e, .escape, .forceescape, .tojson, .attr, .format:
            return try applyGeneral(filter, to: value, arguments)
        case .abs, .float, .int, .round:
            return try applyNumeric(filter, to: value, arguments)
        case .capitalize, .center, .indent, .lower, .replace, .title, .trim, .truncate, .upper,
            .wordcount:
            return try applyTextual(filter, to: value, arguments)
        case .count, .length, .first, .last, .list, .items, .reverse, .join, .batch, .slice:
            return try applySequential(filter, to: value, arguments)
        case .dictsort, .sort, .unique, .min, .max, .sum:
            return try applyOrdering(filter, to: value, arguments)
        case .map, .select, .reject, .selectattr, .rejectattr:
            return try applySelecting(filter, to: value, arguments)
        }
    }

    private func applyGeneral(
        _ filter: Filter, to value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = filter.rawValue
        switch filter {
        case .default, .d:
            let values = try arguments.bind(["default_value", "boolean"], of: name, self)
            let isMissing = value.isUndefined || values[1]?.isTrue == true && !value.isTrue
            return isMissing ? values[0] ?? .string("") : value
        case .tojson: return .string(try json(value, arguments))
        case .attr:
            let values = try arguments.bind(["name"], required: 1, of: name, self)
            guard case .string(let name)? = values[0] else { throw fail("attr takes a string") }
            if case .dictionary = value, MappingMethod(rawValue: name) == nil {
                return .undefined(.attribute(name, type: value.typeName))
            }
            return try attribute(name, of: value)
        case .format: return .string(try formatFilter(try text(of: value), arguments))
        default:
            _ = try arguments.bind([], of: name, self)
            switch filter {
            case .string: return .string(try text(of: value))
            case .safe: return .markup(try text(of: value))
            default: return .markup(try escaped(value))
            }
        }
    }

    static func escapedForHTML(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "'": result += "&#39;"
            case "\"": result += "&#34;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private func json(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> String {
        let values = try arguments.bind(
            ["ensure_ascii", "indent", "separators", "sort_keys"], of: "tojson", self)
        var indent: String?
        switch values[1] ?? .none {
        case .none: break
        case .string(let text): indent = text
        case let width:
            let width = max(0, try integer(width, of: "tojson") ?? 0)
            try checkText(bytes: width)
            indent = String(repeating: " ", count: width)
        }
        var writer = JSONText(renderer: self, indent: indent)
        writer.ensuresASCII = values[0]?.isTrue ?? false
        writer.sortsKeys = values[3]?.isTrue ?? false
        if let separators = values[2], separators.isTrue {
            let parts = try elements(of: separators)
            guard parts.count == 2, case .string(let item) = parts[0],
                case .string(let key) = parts[1]
            else { throw fail("separators must be two strings") }
            writer.itemSeparator = item
            writer.keySeparator = key
        }
        return try writer.text(of: value)
    }
}
