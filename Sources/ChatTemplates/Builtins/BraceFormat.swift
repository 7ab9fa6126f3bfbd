/// `"{} of {whole:>5}".format(part, whole=total)`.
extension Renderer {
    func format(_ format: String, _ arguments: Arguments) throws(TemplateError) -> String {
        var reader = BraceFormatReader(format: format, arguments: arguments)
        var result = ""
        while let piece = try reader.next(self) {
            try charge(bytes: piece.utf8.count)
            try checkTextLength(result.utf8.count + piece.utf8.count)
            result += piece
        }
        return result
    }
}

private struct BraceFormatReader {
    private var scalars: ArraySlice<Unicode.Scalar>
    private let arguments: Arguments
    private var nextIndex = 0

    init(format: String, arguments: Arguments) {
        scalars = Array(format.unicodeScalars)[...]
        self.arguments = arguments
    }

    mutating func next(_ renderer: Renderer) throws(TemplateError) -> String? {
        try renderer.charge()
        guard let first = scalars.first else { return nil }
        guard first == "{" || first == "}" else {
            let end = scalars.firstIndex { $0 == "{" || $0 == "}" } ?? scalars.endIndex
            defer { scalars = scalars[end...] }
            return String(String.UnicodeScalarView(scalars[..<end]))
        }
        scalars.removeFirst()
        if scalars.first == first {
            scalars.removeFirst()
            return String(first)
        }
        guard first == "{", let close = scalars.firstIndex(of: "}") else {
            throw renderer.fail("single '\(first)' encountered in format string")
        }
        let field = Array(scalars[..<close])
        guard !field.contains("{") else {
            throw renderer.fail("nested format specifications are not supported")
        }
        scalars = scalars[(close + 1)...]
        return try text(of: field, renderer)
    }

    private mutating func text(
        of field: [Unicode.Scalar], _ renderer: Renderer
    ) throws(TemplateError) -> String {
        let colon = field.firstIndex(of: ":")
        var name = field[..<(colon ?? field.endIndex)]
        var specification = FormatSpecification()
        if let colon { specification = try parse(field[(colon + 1)...], renderer) }
        if let bang = name.firstIndex(of: "!") {
            switch Array(name[(bang + 1)...]) {
            case ["r"]: specification.type = "r"
            case ["s"]: specification.type = "s"
            default: throw renderer.fail("unknown conversion in format string")
            }
            name = name[..<bang]
        }
        let value = try value(named: name, renderer)
        if specification.type == nil, value.asNumber != nil {
            if specification.alignment == nil { specification.alignment = .right }
            if case .integer = value { specification.type = "d" }
        }
        return try specification.text(of: value, renderer)
    }

    private mutating func value(
        named name: ArraySlice<Unicode.Scalar>, _ renderer: Renderer
    ) throws(TemplateError) -> Value {
        let end = name.firstIndex { $0 == "." || $0 == "[" } ?? name.endIndex
        let first = String(String.UnicodeScalarView(name[..<end]))
        var value: Value
        if first.isEmpty || Int(first) != nil {
            let index = Int(first) ?? nextIndex
            if first.isEmpty { nextIndex += 1 }
            guard arguments.positional.indices.contains(index) else {
                throw renderer.fail("replacement index \(index) out of range")
            }
            value = arguments.positional[index]
        } else {
            guard let named = arguments.named.first(where: { $0.name.isExactly(first) }) else {
                throw renderer.fail("no argument named '\(first)'")
            }
            value = named.value
        }
        var rest = name[end...]
        while let mark = rest.popFirst() {
            try renderer.charge()
            let isItem = mark == "["
            let end =
                rest.firstIndex { isItem ? $0 == "]" : $0 == "." || $0 == "[" } ?? rest.endIndex
            let key = String(String.UnicodeScalarView(rest[..<end]))
            guard mark == "." || isItem && end < rest.endIndex, !key.isEmpty else {
                throw renderer.fail("malformed field in format string")
            }
            rest = rest[end...]
            if isItem {
                rest.removeFirst()
                value = try renderer.item(
                    Int(key).map(Value.integer) ?? .string(key), of: value)
            } else {
                value = try renderer.attribute(key, of: value)
            }
        }
        return value
    }

    /// `[[fill]align][sign][#][0][width][,][.precision][type]`
    private func parse(
        _ text: ArraySlice<Unicode.Scalar>, _ renderer: Renderer
    ) throws(TemplateError) -> FormatSpecification {
        let alignments: [Unicode.Scalar: FormatSpecification.Alignment] = [
            "<": .left, ">": .right, "^": .center, "=": .afterSign,
        ]
        var specification = FormatSpecification()
        var rest = text
        if let second = rest.dropFirst().first, let alignment = alignments[second] {
            specification.fill = rest.removeFirst()
            specification.alignment = alignment
            rest.removeFirst()
        } else if let first = rest.first, let alignment = alignments[first] {
            specification.alignment = alignment
            rest.removeFirst()
        }
        if let sign = rest.first, sign == "+" || sign == "-" || sign == " " {
            specification.plus = sign == "-" ? "" : String(sign)
            rest.removeFirst()
        }
        if rest.first == "#" {
            specification.isAlternate = true
            rest.removeFirst()
        }
        if rest.first == "0", specification.alignment == nil {
            specification.fill = "0"
            specification.alignment = .afterSign
        }
        specification.width = Self.number(&rest) ?? 0
        if rest.first == "," {
            specification.hasThousands = true
            rest.removeFirst()
        }
        if rest.first == "." {
            rest.removeFirst()
            specification.precision = Self.number(&rest)
        }
        specification.type = rest.popFirst()
        guard rest.isEmpty else { throw renderer.fail("invalid format specifier") }
        return specification
    }

    private static func number(_ rest: inout ArraySlice<Unicode.Scalar>) -> Int? {
        var number: Int?
        while let digit = rest.first, digit.isASCIIDigit {
            number = min((number ?? 0) * 10 + Int(digit.value - 48), 1_000_000)
            rest.removeFirst()
        }
        return number
    }
}
