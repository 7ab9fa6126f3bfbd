/// The methods of strings.
enum StringMethod: String {
    case strip, lstrip, rstrip, split, rsplit, splitlines, startswith, endswith, upper, lower
    case title, capitalize, swapcase, casefold, replace, find, rfind, index, rindex, count, join
    case partition, rpartition, removeprefix, removesuffix, format, zfill, center, ljust, rjust
    case isdigit, isdecimal, isnumeric, isalpha, isalnum, isspace, isupper, islower, isascii
}

extension Renderer {
    func call(
        _ method: StringMethod, of text: String, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        try charge(bytes: text.utf8.count)
        switch method {
        case .format: return .string(try format(text, arguments))
        case .split, .rsplit: return try split(text, method, arguments)
        case .splitlines:
            let values = try arguments.bind(["keepends"], of: "splitlines", self)
            return try strings(text.splitLines(keepingEnds: values[0]?.isTrue ?? false))
        default: break
        }
        try arguments.refuseNamed(by: method.rawValue, self)
        switch method {
        case .strip, .lstrip, .rstrip: return try strip(text, method, arguments)
        case .startswith, .endswith: return try affix(text, method, arguments)
        case .removeprefix, .removesuffix: return try removeAffix(text, method, arguments)
        case .replace: return try replace(text, arguments)
        case .find, .rfind, .index, .rindex, .count: return try find(text, method, arguments)
        case .join:
            let values = try arguments.bind(["iterable"], required: 1, of: "join", self)
            return .string(try join(try elements(of: values[0] ?? .none), with: text))
        case .partition, .rpartition: return try partition(text, method, arguments)
        case .zfill, .center, .ljust, .rjust: return try pad(text, method, arguments)
        default:
            _ = try arguments.bind([], of: method.rawValue, self)
            return convert(text, method)
        }
    }

    func strings(_ texts: [String]) throws(TemplateError) -> Value {
        try list(texts.map(Value.string))
    }

    /// The methods without arguments.
    private func convert(_ text: String, _ method: StringMethod) -> Value {
        func all(_ holds: (Unicode.Scalar) -> Bool) -> Value {
            .boolean(!text.isEmpty && text.unicodeScalars.allSatisfy(holds))
        }
        return switch method {
        case .upper: .string(text.pythonUppercased())
        case .lower, .casefold: .string(text.pythonLowercased())
        case .title: .string(text.pythonTitlecased())
        case .capitalize: .string(text.pythonCapitalized())
        case .swapcase: .string(text.pythonSwapcased())
        case .isspace: all(\.isPythonSpace)
        case .isdecimal: all { $0.properties.numericType == .decimal }
        case .isdigit:
            all { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
        case .isnumeric: all { $0.properties.numericType != nil }
        case .isalpha: all(\.isPythonLetter)
        case .isalnum: all { $0.isPythonLetter || $0.properties.numericType != nil }
        case .isascii: .boolean(text.utf8.allSatisfy { $0 < 0x80 })
        case .isupper: .boolean(text.isPythonCased(upper: true))
        default: .boolean(text.isPythonCased(upper: false))
        }
    }

    private func string(
        _ value: Value?, of function: String
    ) throws(TemplateError) -> String {
        guard case .string(let text)? = value?.plain else {
            throw fail("\(function) takes a string, not '\(value?.typeName ?? "nothing")'")
        }
        return text
    }

    /// An optional integer argument.
    func integer(_ value: Value?, of function: String) throws(TemplateError) -> Int? {
        guard let value else { return nil }
        if case .none = value { return nil }
        guard let integer = value.asInteger else {
            throw fail("\(function) takes an integer, not '\(value.typeName)'")
        }
        return integer
    }

    private func strip(
        _ text: String, _ method: StringMethod, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let value = try arguments.bind(["chars"], of: method.rawValue, self)[0] ?? .none
        var characters: String?
        if case .none = value {} else { characters = try string(value, of: method.rawValue) }
        let side: String.Side =
            method == .strip ? .both : method == .lstrip ? .left : .right
        return .string(text.stripped(side, of: characters))
    }

    private func split(
        _ text: String, _ method: StringMethod, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let values = try arguments.bind(["sep", "maxsplit"], of: method.rawValue, self)
        let given = try integer(values[1], of: method.rawValue) ?? -1
        let limit = given < 0 ? nil : given
        let fromRight = method == .rsplit
        if case .none = values[0] ?? .none {
            return try strings(
                fromRight
                    ? text.splitAtSpaceFromRight(limit: limit) : text.splitAtSpace(limit: limit))
        }
        let separator = try string(values[0], of: method.rawValue)
        guard !separator.isEmpty else { throw fail("empty separator") }
        return try strings(
            text.split(separator: separator, limit: limit ?? .max, fromRight: fromRight))
    }

    /// The part of the text that optional arguments `start` and `end` leave, and where it starts.
    private func part(
        of text: String, _ start: Value?, _ end: Value?, of function: String
    ) throws(TemplateError) -> (text: String, start: Int)? {
        let bounds = SliceBounds(
            start: try integer(start, of: function), stop: try integer(end, of: function))
        guard bounds.start != nil || bounds.stop != nil else { return (text, 0) }
        let scalars = Array(text.unicodeScalars)
        // A start behind the end finds nothing, not even an empty text.
        if let start = bounds.start, start > scalars.count { return nil }
        var view = String.UnicodeScalarView()
        let indices = bounds.indices(of: scalars.count)
        for index in indices { view.append(scalars[index]) }
        let first = bounds.start ?? 0
        return (String(view), first < 0 ? max(0, first + scalars.count) : first)
    }

    private func affix(
        _ text: String, _ method: StringMethod, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = method.rawValue
        let values = try arguments.bind(["prefix", "start", "end"], required: 1, of: name, self)
        guard let part = try part(of: text, values[1], values[2], of: name) else {
            return .boolean(false)
        }
        var affixes = [values[0] ?? .none]
        if case .tuple(let list)? = values[0] { affixes = list.items }
        for affix in affixes {
            let affix = try string(affix, of: name)
            try charge(bytes: affix.utf8.count)
            if method == .startswith
                ? part.text.starts(exactlyWith: affix) : part.text.ends(exactlyWith: affix)
            {
                return .boolean(true)
            }
        }
        return .boolean(false)
    }

    private func removeAffix(
        _ text: String, _ method: StringMethod, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = method.rawValue
        let affix = try string(
            try arguments.bind(["affix"], required: 1, of: name, self)[0], of: name)
        if method == .removeprefix {
            guard text.starts(exactlyWith: affix) else { return .string(text) }
            return .string(String(decoding: text.utf8.dropFirst(affix.utf8.count), as: UTF8.self))
        }
        guard text.ends(exactlyWith: affix) else { return .string(text) }
        return .string(String(decoding: text.utf8.dropLast(affix.utf8.count), as: UTF8.self))
    }

    private func replace(_ text: String, _ arguments: Arguments) throws(TemplateError) -> Value {
        let values = try arguments.bind(["old", "new", "count"], required: 2, of: "replace", self)
        return .string(
            try replace(
                try string(values[0], of: "replace"), with: try string(values[1], of: "replace"),
                in: text, count: try integer(values[2], of: "replace")))
    }

    func replace(
        _ old: String, with new: String, in text: String, count: Int?
    ) throws(TemplateError) -> String {
        let limit = count.map { $0 < 0 ? .max : $0 } ?? .max
        try charge(bytes: old.utf8.count)
        // The result has at most so many more pieces than the text has characters.
        let pieces = min(limit, text.utf8.count / max(1, old.utf8.count) + 1)
        let (growth, overflow) = pieces.multipliedReportingOverflow(by: new.utf8.count)
        if overflow || growth > 1 << 16 {
            let found =
                old.isEmpty
                ? pieces
                : ByteSearch(Array(old.utf8)).matches(in: Array(text.utf8), limit: limit).count
            let (exact, overflow) = found.multipliedReportingOverflow(by: new.utf8.count)
            try checkText(bytes: overflow ? .max : min(exact, .max / 2) + text.utf8.count)
        }
        return text.replacing(exactly: old, with: new, limit: limit)
    }

    private func find(
        _ text: String, _ method: StringMethod, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = method.rawValue
        let values = try arguments.bind(["sub", "start", "end"], required: 1, of: name, self)
        let pattern = try string(values[0], of: name)
        try charge(bytes: pattern.utf8.count)
        let part = try part(of: text, values[1], values[2], of: name)
        if method == .count {
            guard let part else { return .integer(0) }
            if pattern.isEmpty { return .integer(part.text.unicodeScalars.count + 1) }
            return .integer(part.text.split(separator: pattern).count - 1)
        }
        let isLast = method == .rfind || method == .rindex
        if let part, let offset = part.text.offset(of: pattern, last: isLast) {
            return .integer(part.start + offset)
        }
        if method == .find || method == .rfind { return .integer(-1) }
        throw fail("substring not found")
    }

    func join(_ items: [Value], with separator: String) throws(TemplateError) -> String {
        var result = ""
        for (index, item) in items.enumerated() {
            guard case .string(let text) = item.plain else {
                throw fail("join expected strings, found '\(item.typeName)'")
            }
            try charge(bytes: text.utf8.count + separator.utf8.count)
            try checkTextLength(result.utf8.count + text.utf8.count + separator.utf8.count)
            if index > 0 { result += separator }
            result += text
        }
        return result
    }

    private func partition(
        _ text: String, _ method: StringMethod, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = method.rawValue
        let separator = try string(
            try arguments.bind(["sep"], required: 1, of: name, self)[0], of: name)
        guard !separator.isEmpty else { throw fail("empty separator") }
        let isLast = method == .rpartition
        let parts = text.split(separator: separator, limit: 1, fromRight: isLast)
        let result =
            parts.count == 2
            ? [parts[0], separator, parts[1]] : isLast ? ["", "", text] : [text, "", ""]
        return try tuple(result.map(Value.string))
    }

    private func pad(
        _ text: String, _ method: StringMethod, _ arguments: Arguments
    ) throws(TemplateError) -> Value {
        let name = method.rawValue
        let values = try arguments.bind(
            method == .zfill ? ["width"] : ["width", "fillchar"], required: 1, of: name, self)
        let width = max(0, try integer(values[0], of: name) ?? 0)
        try checkText(bytes: width)
        if method == .zfill {
            let sign = text.unicodeScalars.first.flatMap { $0 == "+" || $0 == "-" ? $0 : nil }
            guard let sign else { return .string(text.padded(to: width, with: "0", at: .right)) }
            let digits = String(text.unicodeScalars.dropFirst())
            return .string(
                String(sign) + digits.padded(to: max(0, width - 1), with: "0", at: .right))
        }
        var fill = " "
        if values.count > 1, let value = values[1] { fill = try string(value, of: name) }
        guard let scalar = fill.unicodeScalars.first, fill.unicodeScalars.count == 1 else {
            throw fail("the fill character must be exactly one character long")
        }
        let side: String.Side = method == .center ? .both : method == .ljust ? .left : .right
        return .string(text.padded(to: width, with: scalar, at: side))
    }
}

extension Unicode.Scalar {
    /// `str.isalpha`
    var isPythonLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            true
        default: false
        }
    }
}
