import Foundation

/// One file as the laws see it.
struct SourceFile {
    enum Language {
        case swift
        case c
    }

    /// Relative to the repository's root.
    let path: String
    let language: Language
    /// As it stands.
    let lines: [String]
    /// Without comments and without the insides of string literals.
    let codeLines: [String]
    /// Without the insides of string literals.
    let commentedLines: [String]

    init(path: String, text: String) {
        self.path = path
        language = path.hasSuffix(".swift") ? .swift : .c
        let lexed = SourceLexer(text, language: language)
        lines = Self.split(text)
        codeLines = Self.split(lexed.code)
        commentedLines = Self.split(lexed.commentedCode)
    }

    /// The folder below `Sources` or `Benchmarks` that the file lies in.
    var target: String? {
        let parts = path.split(separator: "/")
        let isRoom = parts.count > 2 && (parts[0] == "Sources" || parts[0] == "Benchmarks")
        return isRoom ? String(parts[1]) : nil
    }

    private static func split(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}

extension SourceFile {
    /// Where a pattern occurs in the code, or in other views of the lines, as violations.
    func violations(
        of pattern: Regex<Substring>, in lines: KeyPath<SourceFile, [String]> = \.codeLines,
        _ message: (Substring) -> String
    ) -> [Violation] {
        let pattern = pattern.wordBoundaryKind(.simple)
        return self[keyPath: lines].enumerated().flatMap { index, line in
            line.matches(of: pattern).map { violation(atIndex: index, message($0.output)) }
        }
    }

    func violation(atIndex index: Int, _ message: String) -> Violation {
        Violation(path: path, line: index + 1, message: message)
    }
}

/// A place where a law is broken.
struct Violation: CustomStringConvertible, Hashable {
    let path: String
    /// Counted from 1.
    let line: Int
    let message: String

    var description: String {
        "\(path):\(line): \(message)"
    }
}
