/// A part of a file of settings.
struct SettingsValue: Hashable, Sendable {
    /// In which it begins; counted from 1.
    var line: Int
    var content: Content

    enum Content: Hashable, Sendable {
        case null
        /// Text without quotes, which may stand for a number or a truth value.
        case plain(String)
        case quoted(String)
        case list([SettingsValue])
        case table([SettingsEntry])
    }

    /// nil for what is no text.
    var text: String? {
        switch content {
        case .plain(let text), .quoted(let text): text
        case .null, .list, .table: nil
        }
    }

    /// nil for what is no list.
    var elements: [SettingsValue]? {
        guard case .list(let elements) = content else { return nil }
        return elements
    }

    /// As an error names it.
    var description: String {
        switch content {
        case .null: "nothing"
        case .plain(let text): text.isEmpty ? "nothing" : SettingsError.quoted(text)
        case .quoted(let text): "the text \(SettingsError.quoted(text))"
        case .list: "a list"
        case .table: "a table"
        }
    }
}

/// A key and its value.
struct SettingsEntry: Hashable, Sendable {
    var key: String
    /// Of the key; counted from 1.
    var line: Int
    var value: SettingsValue
}
