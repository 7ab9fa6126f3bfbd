/// The filters of strings. Most take any value and work on its text.
extension Renderer {
    func applyTextual(
        _ filter: Filter, to value: Value, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        switch filter {
        case .indent: return .string(try indent(value, arguments))
        case .truncate: return .string(try truncate(value, arguments))
        default: break
        }
        let name = filter.rawValue
        let text = try text(of: value)
        try charge(bytes: text.utf8.count)
        switch filter {
        case .replace:
            let values = try arguments.bind(["old", "new", "count"], required: 2, of: name, self)
            return .string(
                try replace(
                    try self.text(of: values[0] ?? .none),
                    with: try self.text(of: values[1] ?? .none), in: text,
                    count: try integer(values[2], of: name)))
        case .trim:
            let characters = try arguments.bind(["chars"], of: name, self)[0] ?? .none
            switch characters {
            case .none: return .string(text.stripped(.both))
            case .string(let characters): return .string(text.stripped(.both, of: characters))
            default: throw fail("trim takes a string, not '\(characters.typeName)'")
            }
        case .center:
            let width =
                try integer(
                    try arguments.bind(["width"], of: name, self)[0], of: name) ?? 80
            try checkText(bytes: max(0, width))
            return .string(text.padded(to: max(0, width), with: " ", at: .both))
        default: break
        }
        _ = try arguments.bind([], of: name, self)
        return switch filter {
        case .capitalize: .string(text.pythonCapitalized())
        case .lower: .string(text.pythonLowercased())
        case .upper: .string(text.pythonUppercased())
        case .title: .string(text.jinjaTitlecased())
        default: .integer(wordCount(of: text))
        }
    }

    private func wordCount(of text: String) -> Int {
        var count = 0
        var isInWord = false
        for scalar in text.unicodeScalars {
            let isWord =
                scalar == "_" || scalar.isPythonLetter || scalar.properties.numericType != nil
            if isWord, !isInWord { count += 1 }
            isInWord = isWord
        }
        return count
    }

    private func indent(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> String {
        let values = try arguments.bind(["width", "first", "blank"], of: "indent", self)
        guard case .string(let text) = value else {
            throw fail("indent takes a string, not '\(value.typeName)'")
        }
        var indentation: String
        if case .string(let given)? = values[0] {
            indentation = given
        } else {
            let width = max(0, try integer(values[0], of: "indent") ?? 4)
            try checkText(bytes: width)
            indentation = String(repeating: " ", count: width)
        }
        let indentsBlank = values[2]?.isTrue ?? false
        let lines = (text + "\n").splitLines()
        let (growth, overflow) = lines.count.multipliedReportingOverflow(
            by: indentation.utf8.count + 1)
        try checkText(bytes: overflow ? .max : min(growth, .max / 2) + text.utf8.count)
        var result = values[1]?.isTrue ?? false ? indentation : ""
        for (index, line) in lines.enumerated() {
            if index > 0 {
                result += "\n"
                if indentsBlank || !line.isEmpty { result += indentation }
            }
            result += line
        }
        return result
    }

    private func truncate(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> String {
        let values = try arguments.bind(
            ["length", "killwords", "end", "leeway"], of: "truncate", self)
        guard case .string(let text) = value else {
            throw fail("truncate takes a string, not '\(value.typeName)'")
        }
        let length = try integer(values[0], of: "truncate") ?? 255
        let leeway = try integer(values[3], of: "truncate") ?? 5
        var end = "..."
        if let given = values[2] { end = try self.text(of: given) }
        let kept = length.subtractingReportingOverflow(end.unicodeScalars.count)
        let (limit, overflow) = length.addingReportingOverflow(leeway)
        guard !kept.overflow, kept.partialValue >= 0, leeway >= 0, !overflow else {
            throw fail("truncate cannot shorten to \(length) characters")
        }
        try charge(bytes: text.utf8.count)
        let scalars = text.unicodeScalars
        if scalars.count <= limit { return text }
        let head = String(scalars.prefix(kept.partialValue))
        if values[1]?.isTrue ?? false { return head + end }
        return head.split(separator: " ", limit: 1, fromRight: true)[0] + end
    }
}
