import JSON
import PipelineTypes

/// The `model` of a `tokenizer.json`: byte-pair encoding, its vocabulary and merges.
struct TokenizerModel {
    let vocabulary: Vocabulary
    let encoder: BytePairEncoder

    init(_ model: JSONField) throws(TokenizerError) {
        try Self.requireByteLevel(model)
        let vocabulary = try Self.vocabulary(model.required("vocab"))
        let pairs = try Self.mergePairs(model.required("merges"))
        var unknown: TokenID?
        if let name = try model.optional("unk_token")?.string() {
            unknown = vocabulary.token(named: name)
            if unknown == nil { throw .unknownToken(field: "unk_token", token: name) }
        }
        self.vocabulary = vocabulary
        encoder = BytePairEncoder(
            vocabulary: vocabulary,
            merges: try MergeTable(pairs: pairs, vocabulary: vocabulary),
            ignoresMerges: try model.flag("ignore_merges", default: false),
            unknown: unknown,
            fusesUnknown: try model.flag("fuse_unk", default: false))
    }

    private static func requireByteLevel(_ model: JSONField) throws(TokenizerError) {
        // Files from before models were tagged have no type.
        let type = try model.optional("type")?.string() ?? "BPE"
        guard type == "BPE" else { throw .unsupported(component: "model", name: type) }
        for affix in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard try model.optional(affix)?.string() ?? "" == "" else {
                throw .unsupported(component: "model", name: affix)
            }
        }
        switch try model.optional("dropout")?.value {
        case nil, .integer(0): break
        case .number(let dropout) where dropout == 0: break
        default: throw .unsupported(component: "model", name: "dropout")
        }
        guard try !model.flag("byte_fallback", default: false) else {
            throw .unsupported(component: "model", name: "byte_fallback")
        }
    }

    private static func vocabulary(_ field: JSONField) throws(TokenizerError) -> Vocabulary {
        let members = try field.object().members
        var vocabulary = Vocabulary()
        vocabulary.reserve(members.count)
        for member in members {
            guard case .integer(let id) = member.value else {
                throw field.wrongType("a map to integers")
            }
            guard id >= 0, id < Vocabulary.idMax else {
                throw .idOutOfRange(field: field.path, id: id)
            }
            try vocabulary.add(name: member.key, id: TokenID(id))
        }
        return vocabulary
    }

    /// Merges in either spelling: "a b", or ["a", "b"].
    private static func mergePairs(_ field: JSONField) throws(TokenizerError) -> [(
        left: Substring, right: Substring
    )] {
        guard case .array(let elements) = field.value else { throw field.wrongType("an array") }
        var pairs: [(left: Substring, right: Substring)] = []
        pairs.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            switch element {
            case .string(let merge):
                pairs.append(try MergeTable.pair(merge, index: index))
            case .array(let names):
                guard names.count == 2, case .string(let left) = names[0],
                    case .string(let right) = names[1]
                else { throw .malformedMerge(index: index) }
                pairs.append((left[...], right[...]))
            default:
                throw .malformedMerge(index: index)
            }
        }
        return pairs
    }
}
