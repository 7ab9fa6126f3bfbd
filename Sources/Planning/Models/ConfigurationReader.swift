import JSON

/// Why a `config.json` is of no use.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let key: String
    package let problem: String

    package var description: String {
        "'\(key)' \(problem)"
    }
}

/// Takes checked numbers from a `config.json`. `null` counts as missing, as in published ones.
struct ConfigurationReader {
    let object: JSONObject
    /// The keys that lead to the object, each with a dot behind it.
    var prefix = ""

    /// Of sizes that are not named otherwise.
    static let sizeMax = 1 << 24

    func integer(
        _ key: String, from: Int = 1, max: Int = sizeMax
    ) throws(ConfigurationError) -> Int {
        guard let value = try integerIfPresent(key, from: from, max: max) else {
            throw error(key, "is missing")
        }
        return value
    }

    func integerIfPresent(
        _ key: String, from: Int = 1, max: Int = sizeMax
    ) throws(ConfigurationError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let integer = Self.integer(value), integer >= from, integer <= max else {
            throw error(key, "must be an integer from \(from) to \(max)")
        }
        return integer
    }

    /// None if the key is missing.
    func integers(_ key: String) throws(ConfigurationError) -> [Int] {
        guard let value = value(key) else { return [] }
        guard case .array(let elements) = value else { throw error(key, "must be a list") }
        let integers = elements.compactMap(Self.integer)
        guard integers.count == elements.count else {
            throw error(key, "must be a list of integers")
        }
        return integers
    }

    func text(_ key: String) throws(ConfigurationError) -> String {
        guard let text = try textIfPresent(key) else { throw error(key, "is missing") }
        return text
    }

    func textIfPresent(_ key: String) throws(ConfigurationError) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value else { throw error(key, "must be a string") }
        return text
    }

    func flag(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .boolean(let flag) = value else { throw error(key, "must be true or false") }
        return flag
    }

    func object(_ key: String) throws(ConfigurationError) -> ConfigurationReader? {
        guard let value = value(key) else { return nil }
        guard case .object(let object) = value else { throw error(key, "must be an object") }
        return ConfigurationReader(object: object, prefix: "\(prefix)\(key).")
    }

    private func value(_ key: String) -> JSONValue? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    private func error(_ key: String, _ problem: String) -> ConfigurationError {
        ConfigurationError(key: prefix + key, problem: problem)
    }

    private static func integer(_ value: JSONValue) -> Int? {
        switch value {
        case .integer(let integer): integer
        case .number(let number): Int(exactly: number)
        default: nil
        }
    }
}
