/// Finds the known name that somebody most likely meant.
package enum NearestName {
    /// Names are compared up to this length, so that absurd input costs little.
    private static let lengthMax = 64

    /// The candidate nearest to `name`: one that it abbreviates, else the one with the fewest
    /// insertions, deletions, replacements and swaps. Ties go to the earlier candidate.
    package static func nearest(to name: String, among candidates: [String]) -> String? {
        let wanted = canonical(name)
        if wanted.count >= 4, let whole = candidates.first(where: { $0.hasPrefix(wanted) }) {
            return whole
        }
        let distances = candidates.map { distance(Array(wanted), Array(canonical($0))) }
        guard let best = distances.indices.min(by: { distances[$0] < distances[$1] }) else {
            return nil
        }
        return candidates[best]
    }

    private static func canonical(_ name: String) -> String {
        String(name.prefix(lengthMax).map { $0 == "_" ? "-" : $0 }).lowercased()
    }

    /// Optimal string alignment distance, by rows.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for (row, character) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(
                    previous[column + 1] + 1, current[column] + 1,
                    previous[column] + (character == other ? 0 : 1))
                if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                    best = min(best, beforePrevious[column - 1] + 1)
                }
                current.append(best)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}
