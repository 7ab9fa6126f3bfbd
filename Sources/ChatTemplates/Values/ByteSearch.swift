/// Finds a pattern in UTF-8 text in linear time (Knuth, Morris and Pratt): texts and patterns come
/// from clients.
struct ByteSearch {
    private let pattern: [UInt8]
    /// For each prefix of the pattern, the length of its longest proper border.
    private var borders: [Int]

    /// The pattern is not empty.
    init(_ pattern: [UInt8]) {
        self.pattern = pattern
        borders = [Int](repeating: 0, count: pattern.count)
        var length = 0
        for index in pattern.indices.dropFirst() {
            while length > 0, pattern[index] != pattern[length] { length = borders[length - 1] }
            if pattern[index] == pattern[length] { length += 1 }
            borders[index] = length
        }
    }

    /// Where the pattern occurs, from left to right, without overlaps, at most `limit` times.
    func matches(in text: [UInt8], limit: Int = .max) -> [Int] {
        var found: [Int] = []
        var length = 0
        for (index, byte) in text.enumerated() {
            guard found.count < limit else { break }
            while length > 0, byte != pattern[length] { length = borders[length - 1] }
            if byte == pattern[length] { length += 1 }
            if length == pattern.count {
                found.append(index + 1 - length)
                length = 0
            }
        }
        return found
    }

    /// Like `matches`, but taken from the right; still in ascending order.
    static func matchesFromRight(
        of pattern: [UInt8], in text: [UInt8], limit: Int = .max
    ) -> [Int] {
        ByteSearch(pattern.reversed()).matches(in: text.reversed(), limit: limit)
            .map { text.count - $0 - pattern.count }.reversed()
    }
}
