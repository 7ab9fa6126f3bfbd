import PipelineTypes

/// Which pairs of adjacent tokens become one token, and which pair goes first.
struct MergeTable: Sendable {
    struct Merge: Sendable {
        /// The lowest rank is merged first.
        var rank: UInt32
        var token: TokenID
    }

    private var merges: [UInt64: Merge] = [:]

    mutating func reserve(_ count: Int) {
        merges.reserveCapacity(count)
    }

    mutating func add(_ left: TokenID, _ right: TokenID, _ merge: Merge) {
        merges[Self.key(left, right)] = merge
    }

    func merge(_ left: TokenID, _ right: TokenID) -> Merge? {
        merges[Self.key(left, right)]
    }

    private static func key(_ left: TokenID, _ right: TokenID) -> UInt64 {
        UInt64(left) << 32 | UInt64(right)
    }
}

extension MergeTable {
    /// The merges of a model's file in the order of their ranks, each a pair of token names.
    init(
        pairs: some Collection<(left: Substring, right: Substring)>, vocabulary: Vocabulary
    ) throws(TokenizerError) {
        reserve(pairs.count)
        var rank: UInt32 = 0
        for (left, right) in pairs {
            guard let merge = vocabulary.merge(left, right) else {
                throw .mergeOfUnknownTokens(index: Int(rank), merge: "\(left) \(right)")
            }
            add(merge.left, merge.right, Merge(rank: rank, token: merge.token))
            rank += 1
        }
    }

    /// Splits a merge in the spelling "left right".
    static func pair(_ merge: String, index: Int) throws(TokenizerError) -> (
        left: Substring, right: Substring
    ) {
        let parts = merge.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw .malformedMerge(index: index)
        }
        return (Substring(parts[0]), Substring(parts[1]))
    }
}
