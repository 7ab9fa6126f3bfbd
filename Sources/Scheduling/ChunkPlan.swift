/// Where a prompt will be cut, as long as what that rests on stays the same.
struct ChunkPlan: Hashable, Sendable {
    let basis: Basis
    /// Ascending positions; the last is the prompt's end.
    private let cuts: [Int]

    /// What makes another plan of the same prompt.
    struct Basis: Hashable, Sendable {
        /// Counts changes of the stages' costs.
        var costGeneration: Int
        /// The order of magnitude of what waits behind this prompt.
        var crowdMagnitude: Double
        /// Others wait for their next token meanwhile.
        var hasDecoders: Bool
    }

    init(basis: Basis, cuts: [Int]) {
        self.basis = basis
        self.cuts = cuts
    }

    /// The end of the chunk that begins at `start`; nil if the plan knows of none, or of another
    /// end of the prompt.
    func chunkEnd(from start: Int, promptEnd: Int) -> Int? {
        guard cuts.last == promptEnd else { return nil }
        var (low, high) = (0, cuts.count)
        while low < high {
            let middle = (low + high) / 2
            if cuts[middle] < start { low = middle + 1 } else { high = middle }
        }
        return low + 1 < cuts.count && cuts[low] == start ? cuts[low + 1] : nil
    }
}
