import ChatTemplates

/// Reads JSON as Python does: keys stay in order, 1 is an integer and 1.0 is not.
struct JSONReader {
    private var bytes: ArraySlice<UInt8>

    struct Malformed: Error {}

    static func read(_ text: String) throws -> TemplateValue {
        var reader = JSONReader(bytes: Array(text.utf8)[...])
        return try reader.value()
    }

    private mutating func skipSpace() {
        while let byte = bytes.first, " \n\r\t".utf8.contains(byte) { bytes.removeFirst() }
    }

    private mutating func skip(_ text: String) -> Bool {
        skipSpace()
        guard bytes.starts(with: text.utf8) else { return false }
        bytes.removeFirst(text.utf8.count)
        return true
    }

    private mutating func value() throws -> TemplateValue {
        if skip("null") { return .none }
        if skip("true") { return .boolean(true) }
        if skip("false") { return .boolean(false) }
        if skip("\"") { return .string(try string()) }
        if skip("[") { return .list(try list()) }
        if skip("{") { return .dictionary(try dictionary()) }
        return try number()
    }

    private mutating func list() throws -> [TemplateValue] {
        var items: [TemplateValue] = []
        while !skip("]") {
            items.append(try value())
            _ = skip(",")
        }
        return items
    }

    private mutating func dictionary() throws -> [(key: String, value: TemplateValue)] {
        var entries: [(key: String, value: TemplateValue)] = []
        while !skip("}") {
            guard skip("\"") else { throw Malformed() }
            let key = try string()
            guard skip(":") else { throw Malformed() }
            entries.append((key, try value()))
            _ = skip(",")
        }
        return entries
    }

    private mutating func number() throws -> TemplateValue {
        let digits = bytes.prefix { "+-.eE0123456789".utf8.contains($0) }
        bytes = bytes.dropFirst(digits.count)
        let text = String(decoding: digits, as: UTF8.self)
        if let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text) else { throw Malformed() }
        return .number(number)
    }

    /// What follows the opening quote.
    private mutating func string() throws -> String {
        var units: [UInt16] = []
        var plain: [UInt8] = []
        func flushed() -> [UInt16] { Array(String(decoding: plain, as: UTF8.self).utf16) }
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "\"") {
                return String(decoding: units + flushed(), as: UTF16.self)
            }
            guard byte == UInt8(ascii: "\\") else {
                plain.append(byte)
                continue
            }
            units += flushed()
            plain = []
            units.append(try escape())
        }
        throw Malformed()
    }

    private mutating func escape() throws -> UInt16 {
        switch bytes.popFirst().map({ Unicode.Scalar($0) }) {
        case "n": return 10
        case "t": return 9
        case "r": return 13
        case "b": return 8
        case "f": return 12
        case "u":
            let digits = String(decoding: bytes.prefix(4), as: UTF8.self)
            bytes = bytes.dropFirst(4)
            guard let unit = UInt16(digits, radix: 16) else { throw Malformed() }
            return unit
        case let scalar?: return UInt16(scalar.value)
        case nil: throw Malformed()
        }
    }
}

extension TemplateValue {
    /// The entries of a dictionary.
    var entries: [(key: String, value: TemplateValue)] {
        if case .dictionary(let entries) = self { entries } else { [] }
    }

    subscript(key: String) -> TemplateValue? {
        entries.last { $0.key == key }?.value
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}
