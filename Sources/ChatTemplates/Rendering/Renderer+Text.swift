/// `str` and `repr`.
extension Renderer {
    func text(of value: Value) throws(TemplateError) -> String {
        switch value {
        case .string(let text), .markup(let text): return text
        case .undefined: return ""
        case .none: return "None"
        case .boolean(let value): return value ? "True" : "False"
        case .integer(let value): return String(value)
        default:
            var output = ""
            try represent(value, into: &output)
            return output
        }
    }

    func representation(of value: Value) throws(TemplateError) -> String {
        var output = ""
        try represent(value, into: &output)
        return output
    }

    private func represent(_ value: Value, into output: inout String) throws(TemplateError) {
        try enter()
        defer { leave() }
        switch value {
        case .undefined: output += "Undefined"
        case .string(let text):
            try charge(bytes: text.utf8.count)
            output += Self.quoted(text)
        case .markup(let text):
            output += "Markup("
            try represent(.string(text), into: &output)
            output += ")"
        case .number(let value): output += FloatText.shortest(value)
        case .list(let list): try represent(list.items, "[", "]", into: &output)
        case .tuple(let list):
            try represent(list.items, "(", list.items.count == 1 ? ",)" : ")", into: &output)
        case .dictionary(let mapping):
            try represent(keys: mapping.keys, values: mapping.values, into: &output)
        case .namespace(let namespace):
            output += "<Namespace "
            try represent(
                keys: namespace.names.map(Value.string), values: namespace.values, into: &output)
            output += ">"
        case .view(let view):
            output += view.typeName
            try represent(items(of: view), "([", "])", into: &output)
        case .range(let range): output += range.description
        case .none, .boolean, .integer: output += try text(of: value)
        case .loop(let loop): output += "<LoopContext \(loop.index0 + 1)/\(try length(of: loop))>"
        case .macro(let macro): output += "<Macro '\(macro.definition.name)'>"
        case .function(let function): output += "<function \(function.rawValue)>"
        case .method(let method):
            output += "<built-in method \(method.name) of \(method.receiver.typeName) object>"
        case .iterator: output += "<generator object>"
        }
        try checkLength(of: output)
    }

    /// Text grows while it is built: its length is bounded, its cost is charged by the pieces.
    private func checkLength(of output: String) throws(TemplateError) {
        if output.utf8.count > 1 << 16 { try checkTextLength(output.utf8.count) }
    }

    private func represent(
        _ items: [Value], _ open: String, _ close: String, into output: inout String
    ) throws(TemplateError) {
        output += open
        for (index, item) in items.enumerated() {
            if index > 0 { output += ", " }
            try represent(item, into: &output)
        }
        output += close
    }

    private func represent(
        keys: [Value], values: [Value], into output: inout String
    ) throws(TemplateError) {
        output += "{"
        for (index, key) in keys.enumerated() {
            if index > 0 { output += ", " }
            try represent(key, into: &output)
            output += ": "
            try represent(values[index], into: &output)
        }
        output += "}"
    }

    /// `repr` of a string: in single quotes unless it has only such inside.
    private static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let quote: Unicode.Scalar =
            scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        var result = String.UnicodeScalarView()
        result.append(quote)
        for scalar in scalars {
            switch scalar {
            case "\\", quote:
                result.append("\\")
                result.append(scalar)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            default:
                if scalar.isPythonPrintable {
                    result.append(scalar)
                } else {
                    result.append(contentsOf: escape(scalar).unicodeScalars)
                }
            }
        }
        result.append(quote)
        return String(result)
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case ..<0x100: "\\x" + hexadecimal(scalar.value, digits: 2)
        case ..<0x10000: "\\u" + hexadecimal(scalar.value, digits: 4)
        default: "\\U" + hexadecimal(scalar.value, digits: 8)
        }
    }

    static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

extension ValueRange: CustomStringConvertible {
    var description: String {
        step == 1 ? "range(\(start), \(stop))" : "range(\(start), \(stop), \(step))"
    }
}
