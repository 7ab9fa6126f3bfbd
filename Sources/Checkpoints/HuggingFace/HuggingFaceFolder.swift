/// A model's folder as Hugging Face lays it out: `config.json`, the tokenizer's files, the weights
/// in `model.safetensors` or in several files that `model.safetensors.index.json` lists.
package struct HuggingFaceFolder: Sendable {
    package let path: String
    /// `config.json`.
    package let config: JSONSettings

    static let configName = "config.json"
    static let weightsName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"

    init(path: String) throws(CheckpointError) {
        self.path = path
        config = try JSONSettings.read(path: Self.join(path, Self.configName))
    }

    /// The path of one of the folder's files, such as "tokenizer.json"; nil if there is none.
    package func file(_ name: String) -> String? {
        let file = Self.join(path, name)
        return FileKind(ofPath: file) == .regular ? file : nil
    }

    package var tokenizer: String? {
        file("tokenizer.json")
    }

    package var tokenizerConfig: String? {
        file("tokenizer_config.json")
    }

    package var generationConfig: String? {
        file("generation_config.json")
    }

    package var chatTemplate: String? {
        file("chat_template.jinja")
    }

    static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    /// Opens the files with weights and hands out where each tensor is, file by file in the order
    /// of their bytes.
    func tensors() throws(CheckpointError) -> [TensorLocation] {
        if let file = file(Self.weightsName) {
            let weights = try SafetensorsFile(try FileMapping(path: file))
            return weights.tensors.map { TensorLocation(record: $0, mapping: weights.mapping) }
        }
        guard let index = file(Self.indexName) else {
            throw CheckpointError(
                file: path, subject: "\(Self.weightsName) or \(Self.indexName)", .missing)
        }
        return try shardedTensors(ShardIndex(path: index))
    }

    private func shardedTensors(_ index: ShardIndex) throws(CheckpointError) -> [TensorLocation] {
        var locations: [TensorLocation] = []
        for (shard, names) in index.shards {
            let weights = try SafetensorsFile(
                try FileMapping(path: Self.join(path, shard)))
            let listed = weights.tensors.filter { names.contains($0.name) }
            guard listed.count == names.count else {
                let missing = names.subtracting(listed.map(\.name)).min() ?? ""
                throw CheckpointError(
                    file: weights.mapping.path,
                    subject: "tensor \(missing), which \(Self.indexName) puts here", .missing)
            }
            locations += listed.map { TensorLocation(record: $0, mapping: weights.mapping) }
        }
        return locations
    }
}
