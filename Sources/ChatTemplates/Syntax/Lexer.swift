/// Cuts a template into tokens, with jinja2's white space control: `trim_blocks` (the newline
/// after a block tag belongs to the tag) and `lstrip_blocks` (so does the indentation before it).
struct Lexer {
    let source: [Unicode.Scalar]
    var position = 0
    var line = 1
    var tokens: [Token] = []
    /// The last match ended with a newline: what follows is the start of a line.
    private var atLineStart = true

    static func tokenize(_ source: String) throws(TemplateError) -> [Token] {
        var lexer = Lexer(source: normalized(source))
        try lexer.run()
        lexer.emit(.end)
        return lexer.tokens
    }

    private init(source: [Unicode.Scalar]) {
        self.source = source
    }

    /// All newlines are `\n`, and the last one of the template does not count.
    private static func normalized(_ source: String) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(source.utf8.count)
        var previousWasReturn = false
        for scalar in source.unicodeScalars {
            if scalar == "\r" {
                scalars.append("\n")
            } else if !(scalar == "\n" && previousWasReturn) {
                scalars.append(scalar)
            }
            previousWasReturn = scalar == "\r"
        }
        if scalars.last == "\n" { scalars.removeLast() }
        return scalars
    }

    private mutating func run() throws(TemplateError) {
        while let tag = nextTag() {
            let text = position..<tag.start
            emitData(strip(text, before: tag))
            advance(to: tag.end)
            atLineStart = source[tag.end - 1] == "\n"
            switch tag.kind {
            case .output: try lexTag(begin: .outputBegin, end: .outputEnd)
            case .block: try lexTag(begin: .blockBegin, end: .blockEnd)
            case .comment: try skipComment()
            case .raw: try lexRaw()
            }
        }
        emitData(position..<source.count)
    }

    func peek(_ index: Int) -> Unicode.Scalar? {
        index < source.count ? source[index] : nil
    }

    func matches(_ text: String, at index: Int) -> Bool {
        var index = index
        for scalar in text.unicodeScalars {
            guard peek(index) == scalar else { return false }
            index += 1
        }
        return true
    }

    func skippingSpace(from index: Int) -> Int {
        var index = index
        while let scalar = peek(index), scalar.isPythonSpace { index += 1 }
        return index
    }

    mutating func advance(to index: Int) {
        for scalar in source[position..<index] where scalar == "\n" { line += 1 }
        position = index
    }

    mutating func emit(_ kind: Token.Kind) {
        tokens.append(Token(kind: kind, line: line))
    }

    func fail(_ reason: String) -> TemplateError {
        TemplateError(kind: .syntax, line: line, reason: reason)
    }

    private mutating func emitData(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: source[range])
        emit(.data(String(text)))
    }
}

/// Where tags begin, and the white space around them.
extension Lexer {
    private enum TagKind { case output, block, comment, raw }

    private enum WhitespaceControl { case none, strip, keep }

    private struct TagBegin {
        var kind: TagKind
        var control: WhitespaceControl
        var start: Int
        var end: Int
    }

    private func control(at index: Int) -> WhitespaceControl {
        switch peek(index) {
        case "-": .strip
        case "+": .keep
        default: .none
        }
    }

    private func nextTag() -> TagBegin? {
        var index = position
        while index + 1 < source.count {
            if source[index] == "{" {
                let kind: TagKind? =
                    switch source[index + 1] {
                    case "{": .output
                    case "%": .block
                    case "#": .comment
                    default: nil
                    }
                if let kind {
                    let control = control(at: index + 2)
                    let end = index + (control == .none ? 2 : 3)
                    let raw = kind == .block ? rawBegin(at: end) : nil
                    return TagBegin(
                        kind: raw == nil ? kind : .raw, control: control, start: index,
                        end: raw ?? end)
                }
            }
            index += 1
        }
        return nil
    }

    /// The end of a `raw` tag whose name starts at `index`, if there is one.
    private func rawBegin(at index: Int) -> Int? {
        let name = skippingSpace(from: index)
        guard matches("raw", at: name) else { return nil }
        let end = skippingSpace(from: name + 3)
        if matches("-%}", at: end) { return skippingSpace(from: end + 3) }
        return matches("%}", at: end) ? end + 2 : nil
    }

    private func strip(_ text: Range<Int>, before tag: TagBegin) -> Range<Int> {
        switch tag.control {
        case .keep:
            return text
        case .strip:
            var end = text.upperBound
            while end > text.lowerBound, source[end - 1].isPythonSpace { end -= 1 }
            return text.lowerBound..<end
        case .none:
            guard tag.kind != .output else { return text }
            let lineStart = source[text].lastIndex(of: "\n").map { $0 + 1 }
            guard lineStart != nil || atLineStart else { return text }
            let start = lineStart ?? text.lowerBound
            guard source[start..<text.upperBound].allSatisfy(\.isPythonSpace) else { return text }
            return text.lowerBound..<start
        }
    }

    /// The index after a tag's end that starts at `index`. `+` and the trimmed newline belong to
    /// blocks and comments only.
    private func tagEnd(_ end: String, trims: Bool, at index: Int) -> Int? {
        if matches("-" + end, at: index) { return skippingSpace(from: index + 3) }
        if trims, matches("+" + end, at: index) { return index + 3 }
        guard matches(end, at: index) else { return nil }
        return trims && peek(index + 2) == "\n" ? index + 3 : index + 2
    }

    private mutating func consume(to index: Int) {
        advance(to: index)
        atLineStart = source[index - 1] == "\n"
    }

    /// Reads one tag's expression tokens up to its end. A tag that never ends is left to the
    /// parser, which then misses the end token.
    private mutating func lexTag(begin: Token.Kind, end: Token.Kind) throws(TemplateError) {
        emit(begin)
        let isBlock = begin == .blockBegin
        var open: [Punctuation] = []
        while position < source.count {
            if open.isEmpty,
                let index = tagEnd(isBlock ? "%}" : "}}", trims: isBlock, at: position)
            {
                emit(end)
                consume(to: index)
                return
            }
            try lexExpressionToken(open: &open)
        }
    }

    private mutating func skipComment() throws(TemplateError) {
        for index in position..<source.count {
            guard let end = tagEnd("#}", trims: true, at: index) else { continue }
            consume(to: end)
            return
        }
        guard position == source.count else { throw fail("missing end of comment tag") }
    }

    private mutating func lexRaw() throws(TemplateError) {
        for index in position..<source.count where matches("{%", at: index) {
            let control = control(at: index + 2)
            let name = skippingSpace(from: index + (control == .none ? 2 : 3))
            guard matches("endraw", at: name),
                let end = tagEnd("%}", trims: true, at: skippingSpace(from: name + 6))
            else { continue }
            let tag = TagBegin(kind: .raw, control: control, start: index, end: end)
            emitData(strip(position..<index, before: tag))
            consume(to: end)
            return
        }
        guard position == source.count else { throw fail("missing end of raw directive") }
    }
}
