import Yams

/// A YAML file with the flags of `penstock serve` as keys, without their dashes: a switch is true
/// or false, a list gives several values.
struct ConfigurationFile {
    private let path: String
    private let entries: [(key: String, value: Node)]

    init(path: String, readFile: (String) throws -> String) throws(UsageError) {
        self.path = path
        let text: String
        do {
            text = try readFile(path)
        } catch {
            throw UsageError("--config \(path): the file cannot be read")
        }
        let document: Node?
        do {
            document = try Yams.compose(yaml: text)
        } catch {
            let lines = "\(error)".split(separator: "\n").prefix(2)
            throw UsageError("--config \(path): not YAML: \(lines.joined(separator: " "))")
        }
        guard let document, document.null == nil else {
            entries = []
            return
        }
        guard let mapping = document.mapping else {
            throw UsageError("--config \(path): it must map flags to values")
        }
        var entries: [(key: String, value: Node)] = []
        for (key, value) in mapping {
            guard let key = key.string else {
                throw UsageError("--config \(path): a key is not a string")
            }
            entries.append((key, value))
        }
        self.entries = entries
    }

    /// The same as arguments of a command line.
    func arguments(_ vocabulary: FlagVocabulary) throws(UsageError) -> [String] {
        var arguments: [String] = []
        for (key, value) in entries {
            let name = "--" + key.replacing("_", with: "-")
            let flag: FlagVocabulary.Flag
            do {
                flag = try vocabulary.flag(named: name)
            } catch {
                throw UsageError("--config \(path): \(error)")
            }
            guard name != "--config", name != "--help" else {
                throw UsageError("--config \(path): '\(key)' belongs on the command line")
            }
            arguments += try Self.arguments(name, flag.arity, value) { problem in
                UsageError("--config \(path): '\(key)' \(problem)")
            }
        }
        return arguments
    }

    private static func arguments(
        _ name: String, _ arity: FlagVocabulary.Arity, _ value: Node,
        _ error: (String) -> UsageError
    ) throws(UsageError) -> [String] {
        if value.null != nil { return [] }
        switch arity {
        case .none:
            guard let on = value.bool else { throw error("must be true or false") }
            return on ? [name] : []
        case .one:
            guard let text = value.scalar?.string else { throw error("must have one value") }
            return ["\(name)=\(text)"]
        case .integers:
            let items = value.sequence.map { Array($0) } ?? [value]
            let texts = items.compactMap { $0.scalar?.string }.filter { Int($0) != nil }
            guard texts.count == items.count, !texts.isEmpty else {
                throw error("must have one or more integers")
            }
            return [name] + texts
        }
    }
}
