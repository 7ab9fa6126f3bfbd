/// The links of Markdown documents to other files.
enum Documents {
    /// Links whose file does not exist.
    static func brokenLinks(
        in text: String, at path: String, exists: (String) -> Bool
    ) -> [Violation] {
        var isCode = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .flatMap { index, line -> [Violation] in
                if line.drop(while: { $0 == " " }).hasPrefix("```") { isCode.toggle() }
                guard !isCode else { return [] }
                return targets(in: line).filter { !exists(resolve($0, from: path)) }.map {
                    Violation(
                        path: path, line: index + 1, message: "the link to \($0) leads nowhere")
                }
            }
    }

    /// Relative links of one line, without their fragments.
    private static func targets(in line: Substring) -> [String] {
        let prose = line.replacing(#/`[^`]*`/#, with: "")
        return prose.matches(of: #/\]\(([^()\s]+)(?:\s+"[^"]*")?\)/#).compactMap { match in
            let link = match.output.1
            if link.contains(#/^[a-z]+:/#) || link.hasPrefix("#") { return nil }
            return link.split(separator: "#").first.map(String.init)
        }
    }

    private static func resolve(_ link: String, from path: String) -> String {
        var parts = path.split(separator: "/").dropLast().map(String.init)
        for part in link.split(separator: "/") where part != "." {
            if part == ".." {
                _ = parts.popLast()
            } else {
                parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }
}
