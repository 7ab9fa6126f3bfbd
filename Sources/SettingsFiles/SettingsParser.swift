import Yams

/// Reads YAML, as much of it as settings need: tables, lists, texts and numbers. Anchors and
/// aliases are refused, as a few lines of them can stand for more than fits into memory.
struct SettingsParser {
    let file: String

    /// Far more than anybody writes.
    static let byteCountMax = 1 << 20
    private static let depthMax = 32

    /// The entries of the file's one table, none if there is nothing in the file.
    func entries(of text: String) throws(SettingsError) -> [SettingsEntry] {
        guard text.utf8.count <= Self.byteCountMax else {
            throw SettingsError.tooLong(file: file)
        }
        let hasMark = text.unicodeScalars.first == "\u{FEFF}"
        let text = hasMark ? String(text.unicodeScalars.dropFirst()) : text
        // Looser than the limits on what was read, as text and comments count here too.
        if let excess = NestingBound.excess(in: text, depthMax: 100, aliasesMax: 16) {
            throw SettingsError(file: file, line: excess.line, excess.problem)
        }
        guard let root = try document(in: text) else { return [] }
        switch root.content {
        case .null: return []
        case .table(let entries): return entries
        default:
            throw SettingsError(
                file: file, line: root.line,
                "the file must hold keys and values, not \(root.description)")
        }
    }

    private func document(in text: String) throws(SettingsError) -> SettingsValue? {
        do {
            // Everything is text at first: which of it are numbers is for the reader to say.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            // Nodes do not own their anchors; the parser does.
            return try withExtendedLifetime(parser) {
                try parser.singleRoot().map { try value($0, depth: 0) }
            }
        } catch let error as SettingsError {
            throw error
        } catch {
            throw syntaxError(error, in: text)
        }
    }

    private func value(_ node: Node, depth: Int) throws(SettingsError) -> SettingsValue {
        let line = node.mark?.line ?? 1
        guard !Self.hasAnchor(node) else {
            throw SettingsError(file: file, line: line, "anchors and aliases are not supported")
        }
        guard depth <= Self.depthMax else {
            throw SettingsError(file: file, line: line, "tables and lists are nested too deep")
        }
        switch node {
        case .scalar(let scalar):
            return SettingsValue(line: line, content: Self.content(scalar))
        case .sequence(let sequence):
            var elements: [SettingsValue] = []
            for element in sequence { elements.append(try value(element, depth: depth + 1)) }
            return SettingsValue(line: line, content: .list(elements))
        case .mapping(let mapping):
            return SettingsValue(
                line: line, content: .table(try entries(mapping, line: line, depth: depth + 1)))
        case .alias:
            preconditionFailure("the parser puts the node in the place of its alias")
        }
    }

    /// Every part of a document that is repeated has one.
    private static func hasAnchor(_ node: Node) -> Bool {
        switch node {
        case .scalar(let scalar): scalar.anchor != nil
        case .sequence(let sequence): sequence.anchor != nil
        case .mapping(let mapping): mapping.anchor != nil
        case .alias: true
        }
    }

    private func entries(
        _ mapping: Node.Mapping, line: Int, depth: Int
    ) throws(SettingsError) -> [SettingsEntry] {
        var entries: [SettingsEntry] = []
        var keys: Set<String> = []
        for (key, node) in mapping {
            let line = key.mark?.line ?? line
            guard !Self.hasAnchor(key), case .scalar(let scalar) = key else {
                throw SettingsError(file: file, line: line, "a key must be plain text")
            }
            guard keys.insert(scalar.string).inserted else {
                throw SettingsError(file: file, line: line, Self.twice(scalar.string))
            }
            entries.append(
                SettingsEntry(
                    key: scalar.string, line: line, value: try value(node, depth: depth)))
        }
        return entries
    }

    private static func content(_ scalar: Node.Scalar) -> SettingsValue.Content {
        guard scalar.style == .plain || scalar.style == .any else { return .quoted(scalar.string) }
        let isNull = ["", "~", "null", "Null", "NULL"].contains(scalar.string)
        return isNull ? .null : .plain(scalar.string)
    }

    private static func twice(_ key: String) -> String {
        "\(SettingsError.quoted(key)) occurs twice"
    }

    /// The parser's own words, without the quoted line that it prints below them.
    private func syntaxError(_ error: any Error, in text: String) -> SettingsError {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return SettingsError(file: file, line: mark.line, "not YAML: \(problem)")
        case .reader(let problem, let offset, _, _):
            let line = offset.map { text.prefix($0).count { $0.isNewline } + 1 }
            return SettingsError(file: file, line: line, "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            let line = RepeatedKey(key, first: context.mark).line(in: text)
            return SettingsError(file: file, line: line, Self.twice(key))
        default:
            return SettingsError(file: file, "not YAML")
        }
    }
}
