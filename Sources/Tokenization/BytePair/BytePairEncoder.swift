import PipelineTypes

/// Byte-pair encoding of one piece of text: starts from its bytes and merges the adjacent pair of
/// lowest rank, the leftmost of equals, until no pair has a merge.
struct BytePairEncoder: Sendable {
    /// Pieces up to this many bytes are scanned for the next merge; longer ones use a heap, so
    /// that the time grows with n·log n instead of n².
    static let scannedLengthMax = 48

    let merges: MergeTable
    let vocabulary: Vocabulary
    /// A piece that is a token as a whole is that token, whatever the merges say.
    let ignoresMerges: Bool
    /// Stands for bytes that are not in the vocabulary, which are left out without it.
    let unknown: TokenID?
    /// A run of unknown bytes is one unknown token.
    let fusesUnknown: Bool
    private let tokenOfByte: [TokenID?]

    init(
        vocabulary: Vocabulary, merges: MergeTable, ignoresMerges: Bool = false,
        unknown: TokenID? = nil, fusesUnknown: Bool = false
    ) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.ignoresMerges = ignoresMerges
        self.unknown = unknown
        self.fusesUnknown = fusesUnknown
        tokenOfByte = (UInt8.min...UInt8.max).map { vocabulary.token(ofBytes: [$0]) }
    }

    /// Whether a byte is a token; others are left out or unknown.
    func hasToken(ofByte byte: UInt8) -> Bool {
        tokenOfByte[Int(byte)] != nil
    }

    /// Appends the tokens of bytes[piece] to `tokens`.
    func encode(
        _ bytes: [UInt8], _ piece: Range<Int>, scratch: inout BytePairScratch,
        into tokens: inout [TokenID]
    ) {
        if ignoresMerges, let token = vocabulary.token(ofBytes: Array(bytes[piece])) {
            tokens.append(token)
            return
        }
        scratch.symbols.removeAll(keepingCapacity: true)
        appendSymbols(of: bytes, piece, to: &scratch.symbols)
        if scratch.symbols.count <= Self.scannedLengthMax {
            mergeByScanning(&scratch)
            tokens.append(contentsOf: scratch.symbols)
        } else {
            mergeByHeap(&scratch, into: &tokens)
        }
    }

    private func appendSymbols(
        of bytes: [UInt8], _ piece: Range<Int>, to symbols: inout [TokenID]
    ) {
        var afterUnknown = false
        for index in piece {
            if let token = tokenOfByte[Int(bytes[index])] {
                symbols.append(token)
                afterUnknown = false
            } else if let unknown, !(fusesUnknown && afterUnknown) {
                symbols.append(unknown)
                afterUnknown = true
            }
        }
    }

    /// Merges `scratch.symbols` in place.
    private func mergeByScanning(_ scratch: inout BytePairScratch) {
        guard scratch.symbols.count > 1 else { return }
        scratch.candidates.removeAll(keepingCapacity: true)
        for index in 0..<scratch.symbols.count - 1 {
            scratch.candidates.append(
                merges.merge(scratch.symbols[index], scratch.symbols[index + 1]))
        }
        while true {
            var best: (index: Int, merge: MergeTable.Merge)?
            for (index, candidate) in scratch.candidates.enumerated() {
                if let candidate, candidate.rank < best?.merge.rank ?? .max {
                    best = (index, candidate)
                }
            }
            guard let (index, merge) = best else { return }
            scratch.symbols[index] = merge.token
            scratch.symbols.remove(at: index + 1)
            scratch.candidates.remove(at: index)
            if index > 0 {
                scratch.candidates[index - 1] = merges.merge(
                    scratch.symbols[index - 1], merge.token)
            }
            if index < scratch.candidates.count {
                scratch.candidates[index] = merges.merge(merge.token, scratch.symbols[index + 1])
            }
        }
    }
}

/// Working memory of the encoder, reused from piece to piece.
struct BytePairScratch {
    var symbols: [TokenID] = []
    /// The merge of symbols i and i + 1.
    var candidates: [MergeTable.Merge?] = []
    var links: [SymbolLink] = []
    var heap = MergeHeap()

    init() {}
}
