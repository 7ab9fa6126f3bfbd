import SettingsFiles

/// A YAML file with the flags of `penstock serve` as keys, without their dashes: a switch is true
/// or false, a list gives several values.
struct ConfigurationFile {
    private let path: String
    private let table: SettingsTable

    init(path: String, readFile: (String) throws -> String) throws(UsageError) {
        self.path = path
        let text: String
        do {
            text = try readFile(path)
        } catch let error as SettingsError {
            throw UsageError("--config \(error)")
        } catch {
            throw UsageError("--config \(path): the file cannot be read")
        }
        do throws(SettingsError) {
            table = try SettingsTable(yaml: text, file: "--config \(path)")
        } catch {
            throw UsageError(error.description)
        }
    }

    /// The same as arguments of a command line.
    func arguments(_ vocabulary: FlagVocabulary) throws(UsageError) -> [String] {
        var arguments: [String] = []
        for key in table.keys {
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
            do throws(SettingsError) {
                arguments += try self.arguments(key, name, flag.arity)
            } catch {
                throw UsageError(error.description)
            }
        }
        return arguments
    }

    private func arguments(
        _ key: String, _ name: String, _ arity: FlagVocabulary.Arity
    ) throws(SettingsError) -> [String] {
        guard table.contains(key) else { return [] }
        switch arity {
        case .none:
            return try table.flag(key, default: false) ? [name] : []
        case .one:
            guard let values = try table.texts(key), values.count == 1 else {
                throw table.error(key, "must have one value")
            }
            return ["\(name)=\(values[0])"]
        case .integers:
            guard let values = try table.texts(key), !values.isEmpty,
                values.allSatisfy({ Int($0) != nil })
            else { throw table.error(key, "must have one or more integers") }
            return [name] + values
        }
    }
}
