package import JSON

/// A JSON object of settings, such as a model's `config.json` or an object within it.
package struct JSONSettings: KeyedSettings {
    package let file: String
    package let values: JSONObject
    /// The keys that lead to an object within the document, each with a dot behind it.
    private let prefix: String

    package init(file: String, values: JSONObject) {
        self.init(file: file, values: values, prefix: "")
    }

    private init(file: String, values: JSONObject, prefix: String) {
        self.file = file
        self.values = values
        self.prefix = prefix
    }

    package func path(of key: String) -> String {
        prefix + key
    }

    /// nil for `null` too, which published configurations write for "not set".
    package func value(_ key: String) -> JSONValue? {
        let value = values[key]
        return value == .null ? nil : value
    }

    package func array(_ key: String) throws(CheckpointError) -> [JSONValue] {
        try required(key, arrayIfPresent(key))
    }

    package func arrayIfPresent(_ key: String) throws(CheckpointError) -> [JSONValue]? {
        try present(key, as: "an array", \.array)
    }

    package func object(_ key: String) throws(CheckpointError) -> JSONSettings {
        try required(key, objectIfPresent(key))
    }

    package func objectIfPresent(_ key: String) throws(CheckpointError) -> JSONSettings? {
        let object = try present(key, as: "an object", \.object)
        return object.map { JSONSettings(file: file, values: $0, prefix: "\(path(of: key)).") }
    }
}

extension JSONSettings {
    /// Reads a file that holds one JSON object.
    package static func read(path: String) throws(CheckpointError) -> JSONSettings {
        let mapping = try FileMapping(path: path)
        let sizeMax = 1 << 26
        guard mapping.bytes.count <= sizeMax else {
            throw CheckpointError(
                file: path,
                .malformed(
                    expected: "at most \(sizeMax) bytes", found: "\(mapping.bytes.count)"))
        }
        let values = try JSONObject(parsing: mapping.bytes, file: path)
        return JSONSettings(file: path, values: values)
    }
}
