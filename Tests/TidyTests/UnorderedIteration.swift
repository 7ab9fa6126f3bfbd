/// Finds, by the text alone, where a file walks over a `Set` or `Dictionary`: their order differs
/// from run to run. A name counts as one of them if the file declares it so.
enum UnorderedIteration {
    static func violations(in file: SourceFile) -> [Violation] {
        let views = file.violations(of: #/\.(?:keys|values)\b(?!\s*:)/#) {
            "'\($0)' has an order that differs from run to run"
        }
        return views + walks(in: file, over: unorderedNames(in: file))
    }

    /// Variables, parameters and properties whose type or first value is a set or a dictionary.
    private static func unorderedNames(in file: SourceFile) -> Set<String> {
        let patterns = [
            #/\b(\w+)\s*:\s*(?:inout\s+)?(?:Set|Dictionary)</#,
            #/\b(\w+)\s*:\s*(?:inout\s+)?\[[^\[\]:]+:\s/#,
            #/\b(\w+)\s*=\s*(?:Set|Dictionary)\b/#,
            #/\b(\w+)\s*=\s*\[[^\[\]:]+:[^\[\]]+\]\(\)/#,
        ].map { $0.wordBoundaryKind(.simple) }
        return Set(
            file.codeLines.flatMap { line in
                patterns.flatMap {
                    line.matches(of: $0).map { String($0.output.1) }
                }
            })
    }

    /// Lines with `for … in name`, or with `name.map` and its kin. Sorting first is fine.
    private static func walks(in file: SourceFile, over names: Set<String>) -> [Violation] {
        let patterns = [
            #/\bfor\b.*\bin\s+(?:self\.)?(\w+)\s*(?:\{|where\b|$)/#,
            #/
            \b(\w+)\.
            (?:map|flatMap|compactMap|forEach|reduce|first|popFirst|enumerated|prefix|dropFirst)\b
            /#,
        ].map { $0.wordBoundaryKind(.simple) }
        return file.codeLines.enumerated().flatMap { index, line in
            patterns.flatMap { line.matches(of: $0).map { String($0.output.1) } }
                .filter(names.contains)
                .map {
                    file.violation(atIndex: index, "'\($0)' is walked in an order that differs")
                }
        }
    }
}
