/// A model's settings, looked up by key: a GGUF file's metadata or a JSON object.
///
/// Every look-up comes in two forms, of which `…IfPresent` gives nil for a key that is not there; a
/// value of the wrong kind is an error in both.
package protocol KeyedSettings: Sendable {
    associatedtype Value: SettingValue

    /// The file that the settings come from.
    var file: String { get }
    /// What an error calls the setting `key`.
    func path(of key: String) -> String
    /// nil if there is no such key, or only to say that it has no value.
    func value(_ key: String) -> Value?
}

/// One setting's value, as each kind that it can be read as.
package protocol SettingValue: Sendable {
    var unsignedInteger: Int? { get }
    /// Integers count as numbers.
    var number: Double? { get }
    var boolean: Bool? { get }
    var string: String? { get }
    /// What the value is, for an error: "a string".
    var kind: String { get }
}

extension KeyedSettings {
    package func has(_ key: String) -> Bool {
        value(key) != nil
    }

    package func unsignedInteger(
        _ key: String, in range: ClosedRange<Int> = 0...Int.max
    ) throws(CheckpointError) -> Int {
        try required(key, unsignedIntegerIfPresent(key, in: range))
    }

    package func unsignedIntegerIfPresent(
        _ key: String, in range: ClosedRange<Int> = 0...Int.max
    ) throws(CheckpointError) -> Int? {
        try present(key, as: "an unsigned integer", in: range, \.unsignedInteger)
    }

    package func number(
        _ key: String, in range: ClosedRange<Double>
    ) throws(CheckpointError) -> Double {
        try required(key, numberIfPresent(key, in: range))
    }

    package func numberIfPresent(
        _ key: String, in range: ClosedRange<Double>
    ) throws(CheckpointError) -> Double? {
        try present(key, as: "a number", in: range, \.number)
    }

    package func boolean(_ key: String) throws(CheckpointError) -> Bool {
        try required(key, booleanIfPresent(key))
    }

    package func booleanIfPresent(_ key: String) throws(CheckpointError) -> Bool? {
        try present(key, as: "a boolean", \.boolean)
    }

    package func string(_ key: String) throws(CheckpointError) -> String {
        try required(key, stringIfPresent(key))
    }

    package func stringIfPresent(_ key: String) throws(CheckpointError) -> String? {
        try present(key, as: "a string", \.string)
    }

    /// An error about the setting `key` of this file.
    package func error(_ key: String, _ problem: CheckpointError.Problem) -> CheckpointError {
        CheckpointError(file: file, subject: path(of: key), problem)
    }

    func required<T>(_ key: String, _ value: T?) throws(CheckpointError) -> T {
        guard let value else { throw error(key, .missing) }
        return value
    }

    private func present<T>(
        _ key: String, as expected: String, in range: ClosedRange<T>, _ read: (Value) -> T?
    ) throws(CheckpointError) -> T? {
        let value = try present(key, as: expected, read)
        if let value, !range.contains(value) {
            let expected = "\(range.lowerBound) to \(range.upperBound)"
            throw error(key, .malformed(expected: expected, found: "\(value)"))
        }
        return value
    }

    func present<T>(
        _ key: String, as expected: String, _ read: (Value) -> T?
    ) throws(CheckpointError) -> T? {
        guard let value = value(key) else { return nil }
        guard let result = read(value) else {
            throw error(key, .malformed(expected: expected, found: value.kind))
        }
        return result
    }
}
