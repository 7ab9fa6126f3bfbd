/// A trained model on disk: its settings and its tensors. Files are mapped, not read: what nobody
/// asks for stays on disk.
package struct Checkpoint: Sendable {
    package enum Contents: Sendable {
        case gguf(GGUFMetadata)
        case huggingFace(HuggingFaceFolder)
    }

    /// The GGUF file, or the folder.
    package let path: String
    package let contents: Contents
    /// In the order in which the tensors lie on disk.
    package let tensorNames: [String]
    private let locations: [String: TensorLocation]

    /// Opens a GGUF file, a Hugging Face folder, or a folder that holds one GGUF file.
    package static func open(path: String) throws(CheckpointError) -> Checkpoint {
        guard FileKind(ofPath: path) == .folder else { return try Checkpoint(ggufFile: path) }
        let names = FileKind.names(inFolder: path)
        let weights = [HuggingFaceFolder.weightsName, HuggingFaceFolder.indexName]
        let ggufFiles = names.filter { $0.hasSuffix(".gguf") }
        if names.contains(where: weights.contains) || ggufFiles.isEmpty {
            return try Checkpoint(folder: path)
        }
        guard ggufFiles.count == 1 else {
            throw CheckpointError(
                file: path,
                .unsupported(
                    expected: "the path of one", found: "\(ggufFiles.count) GGUF files"))
        }
        return try Checkpoint(ggufFile: HuggingFaceFolder.join(path, ggufFiles[0]))
    }

    private init(ggufFile path: String) throws(CheckpointError) {
        let mapping = try FileMapping(path: path)
        let file = try GGUFFile(mapping)
        let locations = file.tensors.map { TensorLocation(record: $0, mapping: mapping) }
        self.init(path: path, .gguf(file.metadata), locations)
    }

    private init(folder path: String) throws(CheckpointError) {
        let folder = try HuggingFaceFolder(path: path)
        self.init(path: path, .huggingFace(folder), try folder.tensors())
    }

    private init(path: String, _ contents: Contents, _ locations: [TensorLocation]) {
        self.path = path
        self.contents = contents
        tensorNames = locations.map(\.record.name)
        self.locations = Dictionary(
            locations.map { ($0.record.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package func has(_ name: String) -> Bool {
        locations[name] != nil
    }

    /// Throws if there is no such tensor or its type is none of `ElementType`.
    package func tensor(named name: String) throws(CheckpointError) -> Tensor {
        guard let location = locations[name] else {
            throw CheckpointError(file: path, subject: "tensor \(name)", .missing)
        }
        guard let tensor = Tensor(location.record, in: location.mapping) else {
            throw CheckpointError(
                file: location.mapping.path, subject: "tensor \(name)",
                .unsupported(expected: ElementType.list, found: location.record.typeName))
        }
        return tensor
    }
}

/// A tensor and the file that it is in.
struct TensorLocation: Sendable {
    let record: TensorRecord
    let mapping: FileMapping
}
