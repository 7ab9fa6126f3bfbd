import JSON

/// `model.safetensors.index.json`: which file of the folder holds which tensors.
struct ShardIndex {
    /// In the order of the file names.
    let shards: [(file: String, tensors: Set<String>)]

    static let shardsMax = 512

    init(path: String) throws(CheckpointError) {
        let weightMap = try JSONSettings.read(path: path).object("weight_map")
        var tensors: [String: Set<String>] = [:]
        for member in weightMap.values.members {
            guard let shard = member.value.string else {
                throw weightMap.error(
                    member.key, .malformed(expected: "a string", found: member.value.kind))
            }
            guard Self.isPlainFileName(shard) else {
                throw weightMap.error(
                    member.key,
                    .malformed(expected: "the name of a file beside it", found: "\"\(shard)\""))
            }
            tensors[shard, default: []].insert(member.key)
        }
        guard tensors.count <= Self.shardsMax else {
            throw weightMap.error(
                "",
                .unsupported(expected: "at most \(Self.shardsMax) files", found: "\(tensors.count)")
            )
        }
        shards = tensors.sorted { $0.key < $1.key }.map { (file: $0.key, tensors: $0.value) }
    }

    /// Whether `name` can only mean a file of the same folder.
    private static func isPlainFileName(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") && !name.hasPrefix(".")
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }
}
