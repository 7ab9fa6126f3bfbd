extension SettingsTable {
    /// A finite number within limits.
    package func number(
        _ key: String, above: Double = -.infinity, from: Double = -.infinity,
        to: Double = .infinity
    ) throws(SettingsError) -> Double {
        try required(key, numberIfPresent(key, above: above, from: from, to: to))
    }

    package func number(
        _ key: String, default: Double, above: Double = -.infinity, from: Double = -.infinity,
        to: Double = .infinity
    ) throws(SettingsError) -> Double {
        try numberIfPresent(key, above: above, from: from, to: to) ?? `default`
    }

    package func numberIfPresent(
        _ key: String, above: Double = -.infinity, from: Double = -.infinity,
        to: Double = .infinity
    ) throws(SettingsError) -> Double? {
        guard let value = value(key) else { return nil }
        let limits = NumberLimits(above: above, from: from, to: to)
        guard let number = number(value) else {
            throw error(key, "must be a number, got \(value.description)")
        }
        guard limits.contains(number) else {
            throw error(key, "must be \(limits.description), got \(value.description)")
        }
        return number
    }

    /// A list of finite numbers within limits; nil where there is none.
    package func numbers(
        _ key: String, above: Double = -.infinity, from: Double = -.infinity,
        to: Double = .infinity
    ) throws(SettingsError) -> [Double]? {
        guard let elements = try list(key, of: "numbers") else { return nil }
        let limits = NumberLimits(above: above, from: from, to: to)
        var numbers: [Double] = []
        for element in elements {
            guard let number = number(element) else {
                throw error(key, "must be a list of numbers, got \(element.description) in it")
            }
            guard limits.contains(number) else {
                throw error(
                    key, "must be numbers \(limits.description), got \(element.description)")
            }
            numbers.append(number)
        }
        return numbers
    }

    package func integer(
        _ key: String, in limits: ClosedRange<Int>
    ) throws(SettingsError) -> Int {
        try required(key, integerIfPresent(key, in: limits))
    }

    package func integer(
        _ key: String, default: Int, in limits: ClosedRange<Int>
    ) throws(SettingsError) -> Int {
        try integerIfPresent(key, in: limits) ?? `default`
    }

    package func integerIfPresent(
        _ key: String, in limits: ClosedRange<Int>
    ) throws(SettingsError) -> Int? {
        guard let value = value(key) else { return nil }
        // Large counts are often written with an exponent.
        guard let number = number(value), let integer = Int(exactly: number) else {
            throw error(key, "must be an integer, got \(value.description)")
        }
        guard limits.contains(integer) else {
            let range = "\(limits.lowerBound) to \(limits.upperBound)"
            throw error(key, "must be an integer from \(range), got \(value.description)")
        }
        return integer
    }

    package func text(_ key: String) throws(SettingsError) -> String {
        try required(key, textIfPresent(key))
    }

    package func textIfPresent(_ key: String) throws(SettingsError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.text else {
            throw error(key, "must be a text, got \(value.description)")
        }
        return text
    }

    /// A text of one line without control characters, fit for a title.
    package func line(_ key: String, default: String) throws(SettingsError) -> String {
        guard let text = try textIfPresent(key) else { return `default` }
        guard text == SettingsError.printable(text) else {
            let quoted = SettingsError.quoted(text)
            throw error(key, "must be one line without control characters, got \(quoted)")
        }
        return text
    }

    /// The texts of a list, or the only one; nil where there is none.
    package func texts(_ key: String) throws(SettingsError) -> [String]? {
        guard let value = value(key) else { return nil }
        var texts: [String] = []
        for element in value.elements ?? [value] {
            guard let text = element.text else {
                throw error(key, "must be a text or a list of texts, got \(value.description)")
            }
            texts.append(text)
        }
        return texts
    }

    package func flag(_ key: String, default: Bool) throws(SettingsError) -> Bool {
        guard let value = value(key) else { return `default` }
        guard case .plain(let text) = value.content else {
            throw error(key, "must be true or false, got \(value.description)")
        }
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw error(key, "must be true or false, got \(value.description)")
        }
    }

    /// One of an enumeration's values.
    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String
    ) throws(SettingsError) -> Choice where Choice.RawValue == String {
        try required(key, choiceIfPresent(key))
    }

    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default: Choice
    ) throws(SettingsError) -> Choice where Choice.RawValue == String {
        try choiceIfPresent(key) ?? `default`
    }

    package func choiceIfPresent<Choice: RawRepresentable & CaseIterable>(
        _ key: String
    ) throws(SettingsError) -> Choice? where Choice.RawValue == String {
        guard let value = value(key) else { return nil }
        let names = Choice.allCases.map(\.rawValue)
        guard let choice = try textIfPresent(key).flatMap(Choice.init(rawValue:)) else {
            throw error(
                key, "must be one of \(names.joined(separator: ", ")), got \(value.description)")
        }
        return choice
    }

    /// A table within this one; nil where there is none.
    package func table(_ key: String) throws(SettingsError) -> SettingsTable? {
        guard let value = value(key) else { return nil }
        guard case .table(let entries) = value.content else {
            throw error(key, "must be a table of keys and values, got \(value.description)")
        }
        return SettingsTable(
            file: file, line: value.line, prefix: "\(prefix)\(key).", entries: entries)
    }

    /// A list of tables; empty where there is none.
    package func tables(_ key: String) throws(SettingsError) -> [SettingsTable] {
        guard let elements = try list(key, of: "tables") else { return [] }
        var tables: [SettingsTable] = []
        for (index, element) in elements.enumerated() {
            guard case .table(let entries) = element.content else {
                throw error(key, "must be a list of tables, got \(element.description) in it")
            }
            tables.append(
                SettingsTable(
                    file: file, line: element.line, prefix: "\(prefix)\(key)[\(index)].",
                    entries: entries))
        }
        return tables
    }

    private func list(
        _ key: String, of kind: String
    ) throws(SettingsError) -> [SettingsValue]? {
        guard let value = value(key) else { return nil }
        guard let elements = value.elements else {
            throw error(key, "must be a list of \(kind), got \(value.description)")
        }
        return elements
    }

    /// Decimal, as JSON has it; nil for anything else, and for what no double can hold.
    private func number(_ value: SettingsValue) -> Double? {
        guard case .plain(let text) = value.content,
            text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }),
            let number = Double(text), number.isFinite
        else { return nil }
        return number
    }
}

/// Between which bounds a number has to be.
private struct NumberLimits {
    /// Exclusive.
    var above: Double
    var from: Double
    var to: Double

    func contains(_ number: Double) -> Bool {
        number > above && number >= from && number <= to
    }

    var description: String {
        var parts: [String] = []
        if above > -.infinity { parts.append("above \(Self.text(above))") }
        if from > -.infinity { parts.append("from \(Self.text(from))") }
        if to < .infinity { parts.append("at most \(Self.text(to))") }
        return parts.joined(separator: " and ")
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}
