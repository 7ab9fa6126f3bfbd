/// Pieces of strings as Python cuts them, by code points.
extension String {
    enum Side {
        case left, right, both
    }

    /// `strip`, `lstrip` and `rstrip`; without characters, white space goes.
    func stripped(_ side: Side, of characters: String? = nil) -> String {
        let set = characters.map { Set($0.unicodeScalars) }
        func goes(_ scalar: Unicode.Scalar) -> Bool {
            set?.contains(scalar) ?? scalar.isPythonSpace
        }
        var rest = unicodeScalars[...]
        if side != .right {
            while let first = rest.first, goes(first) { rest.removeFirst() }
        }
        if side != .left {
            while let last = rest.last, goes(last) { rest.removeLast() }
        }
        return String(rest)
    }

    /// `split()`: runs of white space separate.
    func splitAtSpace(limit: Int?) -> [String] {
        var parts: [String] = []
        var rest = unicodeScalars[...]
        while true {
            while let first = rest.first, first.isPythonSpace { rest.removeFirst() }
            if rest.isEmpty { return parts }
            if let limit, parts.count >= limit {
                return parts + [String(rest)]
            }
            let end = rest.firstIndex(where: \.isPythonSpace) ?? rest.endIndex
            parts.append(String(rest[..<end]))
            rest = rest[end...]
        }
    }

    /// `rsplit()`
    func splitAtSpaceFromRight(limit: Int?) -> [String] {
        guard let limit else { return splitAtSpace(limit: nil) }
        var parts: [String] = []
        var rest = unicodeScalars[...]
        while true {
            while let last = rest.last, last.isPythonSpace { rest.removeLast() }
            if rest.isEmpty { return parts.reversed() }
            if parts.count >= limit {
                return [String(rest)] + parts.reversed()
            }
            let space = rest.lastIndex(where: \.isPythonSpace)
            let start = space.map { rest.index(after: $0) } ?? rest.startIndex
            parts.append(String(rest[start...]))
            rest = rest[..<start]
        }
    }

    /// The parts between the occurrences of a separator, which is not empty.
    func split(separator: String, limit: Int = .max, fromRight: Bool = false) -> [String] {
        let bytes = Array(utf8)
        let pattern = Array(separator.utf8)
        let matches =
            fromRight
            ? ByteSearch.matchesFromRight(of: pattern, in: bytes, limit: limit)
            : ByteSearch(pattern).matches(in: bytes, limit: limit)
        var parts: [String] = []
        var start = 0
        for match in matches {
            parts.append(String(decoding: bytes[start..<match], as: UTF8.self))
            start = match + pattern.count
        }
        parts.append(String(decoding: bytes[start...], as: UTF8.self))
        return parts
    }

    /// `replace`; an empty pattern is found before each character and at the end.
    func replacing(exactly pattern: String, with replacement: String, limit: Int) -> String {
        guard pattern.isEmpty else {
            return split(separator: pattern, limit: limit).joined(separator: replacement)
        }
        var result = ""
        var count = 0
        for scalar in unicodeScalars {
            if count < limit { result += replacement }
            count += 1
            result.unicodeScalars.append(scalar)
        }
        return count < limit ? result + replacement : result
    }

    /// `splitlines`
    func splitLines(keepingEnds: Bool = false) -> [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var iterator = unicodeScalars.makeIterator()
        var pending = iterator.next()
        var isOpen = false
        while let scalar = pending {
            pending = iterator.next()
            isOpen = true
            guard scalar.isPythonLineBreak else {
                line.append(scalar)
                continue
            }
            if keepingEnds { line.append(scalar) }
            if scalar == "\r", pending == "\n" {
                if keepingEnds { line.append("\n") }
                pending = iterator.next()
            }
            lines.append(String(line))
            line.removeAll()
            isOpen = false
        }
        if isOpen { lines.append(String(line)) }
        return lines
    }

    /// Where a pattern first (or last) occurs, in code points; nil if nowhere.
    func offset(of pattern: String, last: Bool) -> Int? {
        let bytes = Array(utf8)
        let needle = Array(pattern.utf8)
        if needle.isEmpty { return last ? unicodeScalars.count : 0 }
        let match =
            last
            ? ByteSearch.matchesFromRight(of: needle, in: bytes, limit: 1).first
            : ByteSearch(needle).matches(in: bytes, limit: 1).first
        // Bytes that do not continue a character begin one.
        return match.map { bytes[..<$0].count { $0 & 0xC0 != 0x80 } }
    }

    func starts(exactlyWith prefix: String) -> Bool {
        utf8.starts(with: prefix.utf8)
    }

    func ends(exactlyWith suffix: String) -> Bool {
        utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    /// `center`, `ljust` and `rjust` with one character; sides are those of the text.
    func padded(to width: Int, with fill: Unicode.Scalar, at side: Side) -> String {
        let missing = width - unicodeScalars.count
        guard missing > 0 else { return self }
        // Python puts the odd character of `center` on the left if the width is odd.
        let left =
            switch side {
            case .left: 0
            case .right: missing
            case .both: missing / 2 + (missing & width & 1)
            }
        let fill = String(fill)
        return String(repeating: fill, count: left) + self
            + String(repeating: fill, count: missing - left)
    }
}
