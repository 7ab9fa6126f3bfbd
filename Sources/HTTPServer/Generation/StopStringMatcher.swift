/// Finds the first stop string in a text that arrives piece by piece, and lets no text through
/// that may yet turn out to be part of one.
///
/// The match that ends first wins; of several that end at the same byte, the longest. So the
/// outcome depends on the text alone and not on how it was cut into pieces.
package struct StopStringMatcher: Sendable {
    private var searches: [Search]
    /// The end of the text so far, as much of it as may be part of a stop string.
    private var held: [UInt8] = []

    /// None of the stop strings may be empty.
    package init(stopStrings: [String]) {
        precondition(stopStrings.allSatisfy { !$0.isEmpty })
        searches = stopStrings.map(Search.init)
    }

    /// What an appended piece brought about.
    package struct Outcome: Hashable, Sendable {
        /// Text that is certain to lie before any stop string.
        package var text: String
        /// The stop string that was found; nothing may be appended after it.
        package var matched: String?

        package init(text: String, matched: String?) {
            self.text = text
            self.matched = matched
        }
    }

    /// Takes the next piece. While `mayStop` is false, stop strings that end in the piece pass.
    package mutating func append(_ piece: String, mayStop: Bool = true) -> Outcome {
        guard !searches.isEmpty else { return Outcome(text: piece, matched: nil) }
        for byte in piece.utf8 {
            held.append(byte)
            if let matched = advance(byte), mayStop {
                held.removeLast(matched.utf8.count)
                return Outcome(text: release(keeping: 0), matched: matched)
            }
        }
        let undecided = searches.reduce(0) { max($0, $1.matchedCount) }
        return Outcome(text: release(keeping: undecided), matched: nil)
    }

    /// The text that was held back, when no more follows.
    package mutating func finish() -> String {
        release(keeping: 0)
    }

    /// The longest stop string that ends with this byte.
    private mutating func advance(_ byte: UInt8) -> String? {
        var found: Int?
        for index in searches.indices where searches[index].advance(byte) {
            if searches[index].length > found.map({ searches[$0].length }) ?? 0 { found = index }
        }
        return found.map { searches[$0].string }
    }

    private mutating func release(keeping undecided: Int) -> String {
        let text = String(decoding: held.dropLast(undecided), as: UTF8.self)
        held.removeFirst(held.count - undecided)
        return text
    }
}

/// The search for one string by Knuth, Morris and Pratt.
private struct Search: Sendable {
    let string: String
    private let pattern: [UInt8]
    /// `fallbacks[n]`: the longest proper prefix of the pattern that is a suffix of its first n.
    private let fallbacks: [Int]
    /// The longest prefix of the pattern that is a suffix of the text so far; never all of it.
    private(set) var matchedCount = 0

    init(_ string: String) {
        self.string = string
        pattern = Array(string.utf8)
        var fallbacks = [0, 0]
        for byte in pattern.dropFirst() {
            var length = fallbacks[fallbacks.count - 1]
            while length > 0, pattern[length] != byte { length = fallbacks[length] }
            fallbacks.append(pattern[length] == byte ? length + 1 : 0)
        }
        self.fallbacks = fallbacks
    }

    var length: Int {
        pattern.count
    }

    /// Takes the next byte; says whether the pattern ends with it.
    mutating func advance(_ byte: UInt8) -> Bool {
        while matchedCount > 0, pattern[matchedCount] != byte {
            matchedCount = fallbacks[matchedCount]
        }
        if pattern[matchedCount] == byte { matchedCount += 1 }
        guard matchedCount == pattern.count else { return false }
        matchedCount = fallbacks[matchedCount]
        return true
    }
}
