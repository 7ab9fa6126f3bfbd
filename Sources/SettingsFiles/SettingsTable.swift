/// The keys and values of a YAML file, or of a table within it. Every reader names file, line and
/// key of what it refuses.
package struct SettingsTable: Hashable, Sendable {
    package let file: String
    /// Where the table begins; nil for a whole file.
    let line: Int?
    /// The keys that lead to the table, with a dot behind them.
    let prefix: String
    let entries: [SettingsEntry]

    /// - Parameters:
    ///   - text: of at most 1 MiB, one document without anchors and aliases. An empty one is an
    ///     empty table. It may begin with a byte order mark.
    ///   - file: the name by which errors call it.
    package init(yaml text: String, file: String) throws(SettingsError) {
        self.init(
            file: file, line: nil, prefix: "",
            entries: try SettingsParser(file: file).entries(of: text))
    }

    init(file: String, line: Int?, prefix: String, entries: [SettingsEntry]) {
        self.file = file
        self.line = line
        self.prefix = prefix
        self.entries = entries
    }

    /// The keys in the order of the file.
    package var keys: [String] {
        entries.map(\.key)
    }

    /// Whether the key is there and has a value.
    package func contains(_ key: String) -> Bool {
        value(key) != nil
    }

    /// Refuses all keys but these.
    package func allow(_ keys: String...) throws(SettingsError) {
        for entry in entries where !keys.contains(entry.key) {
            let nearest = NearestName.nearest(to: entry.key, among: keys)
            let hint = nearest.map { "; the nearest is '\(prefix)\($0)'" } ?? ""
            throw SettingsError(
                file: file, line: entry.line,
                "unknown key \(SettingsError.quoted(prefix + entry.key))\(hint)")
        }
    }

    /// What a reader found wrong with a key's value, or with the whole table.
    /// - Parameter what: such as "must be less than 'layers'".
    package func error(_ key: String?, _ what: String) -> SettingsError {
        guard let key else {
            let name = prefix.isEmpty ? "" : "'\(prefix.dropLast())' "
            return SettingsError(file: file, line: line, name + what)
        }
        let entry = entries.first { $0.key == key }
        return SettingsError(
            file: file, line: entry?.line ?? line,
            "\(SettingsError.quoted(prefix + key)) \(what)")
    }

    /// nil for a key without a value too.
    func value(_ key: String) -> SettingsValue? {
        guard let value = entries.first(where: { $0.key == key })?.value, value.content != .null
        else { return nil }
        return value
    }

    func required<Value>(_ key: String, _ value: Value?) throws(SettingsError) -> Value {
        guard let value else { throw error(key, "is missing") }
        return value
    }
}
