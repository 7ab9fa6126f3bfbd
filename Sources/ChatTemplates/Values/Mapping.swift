/// A dictionary that keeps the order of its keys. Templates cannot change it.
final class Mapping {
    let keys: [Value]
    let values: [Value]
    /// How deep values nest below, this one included.
    let depth: Int
    private let hashes: [MappingKey]
    /// Where each key is; small dictionaries are searched instead.
    private let positions: [MappingKey: Int]?

    /// Of equal keys the first keeps its place and the last its value. Only `Renderer` makes
    /// mappings, because it bounds their depth.
    init(entries: [(hash: MappingKey, key: Value, value: Value)], depth: Int) {
        var keys: [Value] = []
        var values: [Value] = []
        var hashes: [MappingKey] = []
        var positions: [MappingKey: Int] = [:]
        let isSmall = entries.count <= 8
        for entry in entries {
            let known = isSmall ? hashes.firstIndex(of: entry.hash) : positions[entry.hash]
            if let known {
                values[known] = entry.value
            } else {
                if !isSmall { positions[entry.hash] = keys.count }
                keys.append(entry.key)
                values.append(entry.value)
                hashes.append(entry.hash)
            }
        }
        self.keys = keys
        self.values = values
        self.hashes = hashes
        self.positions = isSmall ? nil : positions
        self.depth = depth
    }

    var count: Int {
        keys.count
    }

    subscript(key: MappingKey) -> Value? {
        let position = positions.map { $0[key] } ?? hashes.firstIndex(of: key)
        return position.map { values[$0] }
    }

    subscript(name: String) -> Value? {
        self[.string(ExactString(name))]
    }
}

/// The part of a value that dictionaries look keys up by: equal for values that are equal in
/// Python, so 1, 1.0 and true are the same key.
enum MappingKey: Hashable {
    case none
    case undefined
    case integer(Int)
    case number(Double)
    case string(ExactString)
    case tuple([MappingKey])
    case object(ObjectIdentifier)
}

/// A string that equals no other spelling of the same text.
struct ExactString: Hashable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (left: ExactString, right: ExactString) -> Bool {
        left.text.isExactly(right.text)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(text)
    }
}

/// `keys()`, `values()` or `items()` of a dictionary.
struct MappingView {
    enum Part: String { case keys, values, items }

    let mapping: Mapping
    let part: Part

    var typeName: String {
        "dict_" + part.rawValue
    }
}
