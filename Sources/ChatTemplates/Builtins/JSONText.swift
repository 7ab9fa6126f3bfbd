/// `json.dumps` of Python, with the options that Hugging Face's `tojson` has.
struct JSONText {
    var ensuresASCII = false
    /// What one level is indented by; nil writes everything on one line.
    var indent: String?
    var itemSeparator: String
    var keySeparator: String
    var sortsKeys = false
    private var output = ""
    private let renderer: Renderer

    init(renderer: Renderer, indent: String?) {
        self.renderer = renderer
        self.indent = indent
        itemSeparator = indent == nil ? ", " : ","
        keySeparator = ": "
    }

    func text(of value: Value) throws(TemplateError) -> String {
        var writer = self
        try writer.write(value, level: 0)
        return writer.output
    }

    private mutating func write(_ value: Value, level: Int) throws(TemplateError) {
        try renderer.enter()
        defer { renderer.leave() }
        switch value {
        case .string(let text), .markup(let text): try write(quoting: text)
        case .none: output += "null"
        case .boolean(let value): output += value ? "true" : "false"
        case .integer(let value): output += String(value)
        case .number(let value): output += Self.number(value)
        case .list(let list), .tuple(let list): try write(list.items, level: level)
        case .dictionary(let mapping): try write(mapping, level: level)
        default:
            throw renderer.fail("object of type '\(value.typeName)' is not JSON serializable")
        }
        try renderer.checkTextLength(output.utf8.count)
    }

    private static func number(_ value: Double) -> String {
        guard value.isFinite else {
            return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
        }
        return FloatText.shortest(value)
    }

    private mutating func breakLine(level: Int) throws(TemplateError) {
        guard let indent else { return }
        try renderer.charge(bytes: indent.utf8.count * level)
        try renderer.checkTextLength(output.utf8.count + indent.utf8.count * level)
        output += "\n"
        for _ in 0..<level { output += indent }
    }

    private mutating func write(_ items: [Value], level: Int) throws(TemplateError) {
        guard !items.isEmpty else {
            output += "[]"
            return
        }
        output += "["
        for (index, item) in items.enumerated() {
            if index > 0 { output += itemSeparator }
            try breakLine(level: level + 1)
            try write(item, level: level + 1)
        }
        try breakLine(level: level)
        output += "]"
    }

    private mutating func write(_ mapping: Mapping, level: Int) throws(TemplateError) {
        guard mapping.count > 0 else {
            output += "{}"
            return
        }
        var positions = Array(0..<mapping.count)
        if sortsKeys {
            positions = try renderer.sorted(positions, by: mapping.keys)
        }
        output += "{"
        for (index, position) in positions.enumerated() {
            if index > 0 { output += itemSeparator }
            try breakLine(level: level + 1)
            try write(key: mapping.keys[position])
            output += keySeparator
            try write(mapping.values[position], level: level + 1)
        }
        try breakLine(level: level)
        output += "}"
    }

    private mutating func write(key: Value) throws(TemplateError) {
        switch key {
        case .string(let text), .markup(let text): try write(quoting: text)
        case .none: output += "\"null\""
        case .boolean(let value): output += value ? "\"true\"" : "\"false\""
        case .integer(let value): output += "\"\(value)\""
        case .number(let value): output += "\"" + Self.number(value) + "\""
        default:
            throw renderer.fail("keys of JSON objects cannot be '\(key.typeName)'")
        }
    }

    private mutating func write(quoting text: String) throws(TemplateError) {
        try renderer.charge(bytes: text.utf8.count)
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{8}": output += "\\b"
            case "\u{c}": output += "\\f"
            default:
                if scalar.value < 0x20 || ensuresASCII && scalar.value > 0x7E {
                    write(escaping: scalar)
                } else {
                    output.unicodeScalars.append(scalar)
                }
            }
        }
        output += "\""
    }

    private mutating func write(escaping scalar: Unicode.Scalar) {
        for unit in String(scalar).utf16 {
            output += "\\u" + Renderer.hexadecimal(UInt32(unit), digits: 4)
        }
    }
}

extension Renderer {
    /// The positions in the order of their keys; equal keys stay in order.
    func sorted(_ positions: [Int], by keys: [Value]) throws(TemplateError) -> [Int] {
        // Merge sort by hand: the comparison throws a typed error.
        guard positions.count > 1 else { return positions }
        let middle = positions.count / 2
        let left = try sorted(Array(positions[..<middle]), by: keys)
        let right = try sorted(Array(positions[middle...]), by: keys)
        var merged: [Int] = []
        merged.reserveCapacity(positions.count)
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
            if try order(keys[right[second]], keys[left[first]]) == .less {
                merged.append(right[second])
                second += 1
            } else {
                merged.append(left[first])
                first += 1
            }
        }
        return merged + left[first...] + right[second...]
    }
}
