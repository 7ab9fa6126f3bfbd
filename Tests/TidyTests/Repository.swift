import Foundation

/// The files of the repository that these tests stand in.
struct Repository {
    let root: URL

    static let this = Repository(
        root: URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent())

    /// Paths, relative to the root, of all files that git does not ignore, in order.
    func paths() throws -> [String] {
        let ignored = try IgnoreRules(text: text(at: ".gitignore"))
        return try paths(in: root, prefix: "", ignored)
    }

    func text(at path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(
            atPath: root.appending(path: path).path(percentEncoded: false))
    }

    func size(of path: String) -> Int {
        let values = try? root.appending(path: path).resourceValues(forKeys: [.fileSizeKey])
        return values?.fileSize ?? 0
    }

    /// The Swift and C files of sources, tests, benchmarks and the manifests.
    func sources() throws -> [SourceFile] {
        let endings = [".swift", ".c", ".h"]
        let folders = ["Sources/", "Tests/", "Benchmarks/"]
        return try paths().filter { path in
            let isPlaced = path == "Package.swift" || folders.contains(where: path.hasPrefix)
            return isPlaced && !path.contains("/Fixtures/")
                && endings.contains(where: path.hasSuffix)
        }.map { SourceFile(path: $0, text: try text(at: $0)) }
    }

    private func paths(in folder: URL, prefix: String, _ ignored: IgnoreRules) throws -> [String] {
        let entries = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: [.isDirectoryKey])
        return try entries.sorted { $0.path < $1.path }.flatMap { entry -> [String] in
            let name = entry.lastPathComponent
            // Other tests may put files beside the sources for a moment.
            guard
                let isFolder = try? entry.resourceValues(forKeys: [.isDirectoryKey]).isDirectory
            else { return [] }
            if name == ".git" || ignored.ignore(name, isFolder: isFolder) { return [] }
            guard isFolder else { return [prefix + name] }
            return try paths(in: entry, prefix: prefix + name + "/", ignored)
        }
    }
}

/// The rules of a `.gitignore` that name files and folders at any depth.
struct IgnoreRules {
    private let rules: [(pattern: String, foldersOnly: Bool)]

    init(text: String) {
        rules = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let foldersOnly = line.hasSuffix("/")
            let pattern = line.drop { $0 == "/" }.dropLast(foldersOnly ? 1 : 0)
            return (String(pattern), foldersOnly)
        }
    }

    func ignore(_ name: String, isFolder: Bool) -> Bool {
        rules.contains { rule in
            (isFolder || !rule.foldersOnly) && Self.matches(name, rule.pattern)
        }
    }

    /// A `*` stands for any text; one is enough for what the file needs.
    private static func matches(_ name: String, _ pattern: String) -> Bool {
        guard let star = pattern.firstIndex(of: "*") else { return name == pattern }
        let prefix = pattern[..<star]
        let suffix = pattern[pattern.index(after: star)...]
        return name.count >= prefix.count + suffix.count && name.hasPrefix(prefix)
            && name.hasSuffix(suffix)
    }
}

enum FileSize {
    /// Bytes; what is larger has no place in git.
    static let limit = 2 << 20
}
