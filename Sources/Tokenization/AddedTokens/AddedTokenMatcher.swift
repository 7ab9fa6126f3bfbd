import PipelineTypes

/// Finds added tokens in text: from left to right, at each place the longest.
struct AddedTokenMatcher: Sendable {
    /// A part of a text: an added token, or (nil) what lies between.
    struct Part: Hashable, Sendable {
        var range: Range<Int>
        var token: TokenID?
    }

    private let tokens: [AddedToken]
    /// A trie of the tokens' texts. Node 0 is the root.
    private var edges: [Edge: Int] = [:]
    /// The index of the token that ends at a node.
    private var tokenOfNode: [Int?] = [nil]
    private var beginsToken = [Bool](repeating: false, count: 256)

    private struct Edge: Hashable {
        var node: Int
        var byte: UInt8
    }

    /// `text` gives the form in which a token is looked for. A token that comes twice is found
    /// with the properties of its last entry; an empty one never.
    init(_ tokens: [AddedToken], text: (AddedToken) -> String = \.text) {
        self.tokens = tokens
        for (index, token) in tokens.enumerated() {
            var node = 0
            for byte in text(token).utf8 {
                if node == 0 { beginsToken[Int(byte)] = true }
                let edge = Edge(node: node, byte: byte)
                if let next = edges[edge] {
                    node = next
                } else {
                    node = tokenOfNode.count
                    tokenOfNode.append(nil)
                    edges[edge] = node
                }
            }
            if node != 0 { tokenOfNode[node] = index }
        }
    }

    /// Cuts text[range] at the added tokens in it; special ones are left as text on request.
    func parts(of text: [UInt8], _ range: Range<Int>, recognizesSpecial: Bool) -> [Part] {
        var parts: [Part] = []
        var end = range.lowerBound
        var position = range.lowerBound
        while let (match, token) = firstMatch(in: text, position..<range.upperBound) {
            position = match.upperBound
            if token.isSpecial && !recognizesSpecial { continue }
            let before = TextEdges(text, range.lowerBound..<match.lowerBound)
            let after = TextEdges(text, match.upperBound..<range.upperBound)
            if token.isSingleWord && (before.endsWithWord || after.startsWithWord) { continue }
            let start = token.stripsLeft ? max(end, before.trailingSpace) : match.lowerBound
            if end < start { parts.append(Part(range: end..<start, token: nil)) }
            let stop = token.stripsRight ? after.leadingSpace : match.upperBound
            parts.append(Part(range: start..<max(start, stop), token: token.id))
            end = stop
        }
        if end < range.upperBound {
            parts.append(Part(range: end..<range.upperBound, token: nil))
        }
        return parts
    }

    private func firstMatch(in text: [UInt8], _ range: Range<Int>) -> (Range<Int>, AddedToken)? {
        for start in range where beginsToken[Int(text[start])] {
            var node = 0
            var longest: (Range<Int>, AddedToken)?
            for index in start..<range.upperBound {
                guard let next = edges[Edge(node: node, byte: text[index])] else { break }
                node = next
                if let token = tokenOfNode[node] {
                    longest = (start..<index + 1, tokens[token])
                }
            }
            if let longest { return longest }
        }
        return nil
    }
}
