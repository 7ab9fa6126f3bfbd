/// Cuts text into the pieces that byte-pair encoding works on: a sequence of splits, each applied
/// to every piece that the splits before it left.
struct PreTokenizer: Sendable {
    var splits: [Split]

    /// What becomes of the text that a pattern matches, in the words of `tokenizer.json`.
    enum Behavior: String, Sendable {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    struct Split: Sendable {
        let pattern: Pattern
        let behavior: Behavior
        /// Treats what lies between matches as the matches, and the matches as the rest.
        let isInverted: Bool

        init(_ pattern: Pattern, _ behavior: Behavior = .isolated, isInverted: Bool = false) {
            self.pattern = pattern
            self.behavior = behavior
            self.isInverted = isInverted
        }
    }

    /// The pieces of text[range], in order; both bounds lie between characters.
    func pieces(
        of text: [UInt8], _ range: Range<Int>, scratch: borrowing MatchScratch
    ) -> [Range<Int>] {
        var pieces = range.isEmpty ? [] : [range]
        for split in splits {
            var next: [Range<Int>] = []
            next.reserveCapacity(pieces.count)
            for piece in pieces {
                split.append(piecesOf: text, piece, to: &next, scratch: scratch)
            }
            pieces = next
        }
        return pieces
    }
}

extension PreTokenizer.Split {
    /// Appends what the split makes of text[range].
    func append(
        piecesOf text: [UInt8], _ range: Range<Int>, to pieces: inout [Range<Int>],
        scratch: borrowing MatchScratch
    ) {
        var assembly = PieceAssembly(behavior: behavior)
        var position = range.lowerBound
        while position < range.upperBound,
            let match = pattern.firstMatch(
                in: text, position..<range.upperBound, scratch: scratch)
        {
            if position < match.lowerBound {
                assembly.add(position..<match.lowerBound, isMatch: isInverted, to: &pieces)
            }
            assembly.add(match, isMatch: !isInverted, to: &pieces)
            position = match.upperBound
        }
        if position < range.upperBound {
            assembly.add(position..<range.upperBound, isMatch: isInverted, to: &pieces)
        }
        assembly.finish(&pieces)
    }
}

/// Joins consecutive runs of text, alternately matched and not, into pieces as a behavior asks.
private struct PieceAssembly {
    let behavior: PreTokenizer.Behavior
    /// The piece that the next run may still join.
    private var open: Range<Int>?
    private var lastWasMatch = false

    init(behavior: PreTokenizer.Behavior) {
        self.behavior = behavior
    }

    mutating func add(_ run: Range<Int>, isMatch: Bool, to pieces: inout [Range<Int>]) {
        let joins: Bool
        switch behavior {
        case .isolated: joins = false
        case .removed: joins = false
        case .contiguous: joins = isMatch == lastWasMatch
        case .mergedWithPrevious: joins = isMatch && !lastWasMatch
        case .mergedWithNext: joins = lastWasMatch && !isMatch
        }
        lastWasMatch = isMatch
        if joins, let begun = open {
            open = begun.lowerBound..<run.upperBound
        } else {
            finish(&pieces)
            if !(behavior == .removed && isMatch) { open = run }
        }
    }

    mutating func finish(_ pieces: inout [Range<Int>]) {
        if let open { pieces.append(open) }
        open = nil
    }
}
