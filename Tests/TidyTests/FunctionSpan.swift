/// Where a function begins and how long it is, from the line of its name to its closing brace.
struct FunctionSpan {
    let name: String
    /// Counted from 0.
    let firstIndex: Int
    let lineCount: Int

    static func all(in file: SourceFile) -> [FunctionSpan] {
        switch file.language {
        case .swift: swiftFunctions(file.codeLines)
        case .c: cFunctions(file.codeLines)
        }
    }

    /// Functions, initialisers, subscripts and computed properties.
    private static func swiftFunctions(_ lines: [String]) -> [FunctionSpan] {
        let heads = [
            #/(?:^|\s)func\s+([^\s(<]+)/#,
            #/(?:^|[^.\w])(init|deinit|subscript)\b[?!]?\s*[(<{]/#,
            #/(?:^|\s)var\s+(\w+)\s*:[^={]*\{\s*$/#,
        ].map { $0.wordBoundaryKind(.simple) }
        return lines.indices.flatMap { index in
            heads.compactMap { head -> FunctionSpan? in
                guard let match = lines[index].firstMatch(of: head) else { return nil }
                let offset = lines[index].distance(
                    from: lines[index].startIndex, to: match.output.1.startIndex)
                guard let last = endOfBody(lines, from: index, offset: offset) else { return nil }
                return FunctionSpan(
                    name: String(match.output.1), firstIndex: index, lineCount: last - index + 1)
            }
        }
    }

    /// The line with the brace that closes the body of the declaration at `offset`; nil if it has
    /// no body.
    private static func endOfBody(_ lines: [String], from index: Int, offset: Int) -> Int? {
        let declaration = #/^\s*(?:mutating\s+|static\s+|package\s+)*(?:func|var|let|init)\b/#
        var parentheses = 0
        var braces = 0
        for line in index..<lines.count {
            for character in lines[line].dropFirst(line == index ? offset : 0) {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || braces > 0: braces += 1
                case "}" where braces == 0 && parentheses == 0: return nil
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return line }
                default: break
                }
            }
            if braces == 0, parentheses == 0, line > index, lines[line].contains(declaration) {
                return nil
            }
        }
        return nil
    }

    /// Functions whose head begins, and whose closing brace stands, in the first column.
    private static func cFunctions(_ lines: [String]) -> [FunctionSpan] {
        let other = #/^(?:[^A-Za-z_]|typedef\b|enum\b|union\b|extern\b|$)/#
            .wordBoundaryKind(.simple)
        let called = #/(\w+)\s*\(/#
        let endOfHead = #/[{;]\s*$/#
        return lines.indices.compactMap { first in
            guard !lines[first].contains(other),
                let name = lines[first].firstMatch(of: called)?.output.1,
                let head = lines[first...].firstIndex(where: { $0.contains(endOfHead) }),
                !lines[first...head].contains(where: { $0.contains("=") }),
                lines[head].contains("{"),
                let last = lines[head...].firstIndex(where: { $0.hasPrefix("}") })
            else { return nil }
            return FunctionSpan(
                name: String(name), firstIndex: first, lineCount: last - first + 1)
        }
    }
}
