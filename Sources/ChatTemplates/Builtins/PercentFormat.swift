/// `"%s of %d" % (part, whole)` and the `format` filter.
extension Renderer {
    func formatFilter(_ format: String, _ arguments: Arguments) throws(TemplateError) -> String {
        guard arguments.positional.isEmpty || arguments.named.isEmpty else {
            throw fail("format takes positional or keyword arguments, not both")
        }
        if !arguments.named.isEmpty {
            let entries = arguments.named.map { (key: Value.string($0.name), value: $0.value) }
            return try formatPercent(format, try dictionary(entries))
        }
        return try formatPercent(format, try tuple(arguments.positional))
    }

    func formatPercent(_ format: String, _ argument: Value) throws(TemplateError) -> String {
        try charge(bytes: format.utf8.count)
        var reader = PercentFormatReader(format: format, argument: argument)
        var result = ""
        while let piece = try reader.next(self) {
            try checkTextLength(result.utf8.count + piece.utf8.count)
            result += piece
        }
        return result
    }
}

/// Goes through a format and takes its values one by one.
private struct PercentFormatReader {
    private var scalars: ArraySlice<Unicode.Scalar>
    private var values: ArraySlice<Value>
    private let mapping: Mapping?
    private var isAtEnd = false

    init(format: String, argument: Value) {
        scalars = Array(format.unicodeScalars)[...]
        switch argument {
        case .dictionary(let mapping): (self.mapping, values) = (mapping, [argument])
        case .tuple(let list): (mapping, values) = (nil, list.items[...])
        default: (mapping, values) = (nil, [argument])
        }
    }

    /// The next piece of the result; nil at the end.
    mutating func next(_ renderer: Renderer) throws(TemplateError) -> String? {
        try renderer.charge()
        guard !isAtEnd else { return nil }
        let end = scalars.firstIndex(of: "%")
        let literal = String(String.UnicodeScalarView(scalars[..<(end ?? scalars.endIndex)]))
        guard let end else {
            isAtEnd = true
            guard values.isEmpty || mapping != nil || isForgiving else {
                throw renderer.fail("not all arguments converted during string formatting")
            }
            return literal
        }
        scalars = scalars[(end + 1)...]
        return literal + (try convert(renderer))
    }

    /// Python takes lists and undefined values for mappings, so they may be left over.
    private var isForgiving: Bool {
        switch values.first {
        case .list, .undefined, .range: true
        default: false
        }
    }

    private mutating func convert(_ renderer: Renderer) throws(TemplateError) -> String {
        var key: String?
        if scalars.first == "(" {
            guard let close = scalars.firstIndex(of: ")") else {
                throw renderer.fail("incomplete format key")
            }
            key = String(String.UnicodeScalarView(scalars[(scalars.startIndex + 1)..<close]))
            scalars = scalars[(close + 1)...]
        }
        var specification = readFlags()
        specification.width = readNumber() ?? 0
        if scalars.first == "." {
            scalars.removeFirst()
            specification.precision = readNumber() ?? 0
        }
        guard let type = scalars.popFirst() else { throw renderer.fail("incomplete format") }
        if type == "%" { return "%" }
        specification.type = type
        let value = try take(key, renderer)
        guard type != "c" else {
            guard case .string(let text) = value, text.unicodeScalars.count == 1 else {
                throw renderer.fail("%c requires a character")
            }
            return try specification.text(of: value, renderer)
        }
        if type == "s" || type == "r", specification.alignment == .afterSign {
            specification.fill = " "
            specification.alignment = .right
        }
        if specification.alignment == nil { specification.alignment = .right }
        return try specification.text(of: value, renderer)
    }

    private mutating func take(
        _ key: String?, _ renderer: Renderer
    ) throws(TemplateError) -> Value {
        if let key {
            guard let mapping else { throw renderer.fail("format requires a mapping") }
            guard let value = mapping[key] else { throw renderer.fail("no value for '\(key)'") }
            return value
        }
        guard let value = values.popFirst() else {
            throw renderer.fail("not enough arguments for format string")
        }
        return value
    }

    private mutating func readFlags() -> FormatSpecification {
        var specification = FormatSpecification()
        while let flag = scalars.first {
            switch flag {
            case "-": specification.alignment = .left
            case "0":
                if specification.alignment == nil {
                    specification.alignment = .afterSign
                    specification.fill = "0"
                }
            case "+": specification.plus = "+"
            case " ": if specification.plus.isEmpty { specification.plus = " " }
            case "#": specification.isAlternate = true
            default: return specification
            }
            scalars.removeFirst()
        }
        return specification
    }

    private mutating func readNumber() -> Int? {
        var number: Int?
        while let digit = scalars.first, digit.isASCIIDigit {
            // What is beyond the bound need not be exact.
            number = min((number ?? 0) * 10 + Int(digit.value - 48), 1_000_000)
            scalars.removeFirst()
        }
        return number
    }
}
