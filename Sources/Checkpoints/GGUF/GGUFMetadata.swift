/// A GGUF file's metadata: what it says about the model besides the tensors.
package struct GGUFMetadata: KeyedSettings {
    package let file: String
    /// In the file's order.
    package let keys: [String]
    private let values: [String: GGUFValue]

    init(file: String, keys: [String], values: [String: GGUFValue]) {
        self.file = file
        self.keys = keys
        self.values = values
    }

    package func path(of key: String) -> String {
        key
    }

    package func value(_ key: String) -> GGUFValue? {
        values[key]
    }
}

extension GGUFMetadata {
    package func strings(_ key: String) throws(CheckpointError) -> [String] {
        try array(key).strings()
    }

    package func stringsIfPresent(_ key: String) throws(CheckpointError) -> [String]? {
        try arrayIfPresent(key)?.strings()
    }

    package func integers(_ key: String) throws(CheckpointError) -> [Int] {
        try array(key).integers()
    }

    package func integersIfPresent(_ key: String) throws(CheckpointError) -> [Int]? {
        try arrayIfPresent(key)?.integers()
    }

    package func numbers(_ key: String) throws(CheckpointError) -> [Double] {
        try array(key).numbers()
    }

    package func numbersIfPresent(_ key: String) throws(CheckpointError) -> [Double]? {
        try arrayIfPresent(key)?.numbers()
    }

    package func array(_ key: String) throws(CheckpointError) -> GGUFArray {
        try required(key, arrayIfPresent(key))
    }

    package func arrayIfPresent(_ key: String) throws(CheckpointError) -> GGUFArray? {
        try present(key, as: "an array", \.array)
    }
}
