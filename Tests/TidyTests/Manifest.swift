/// The targets of a `Package.swift` with what they depend on, read from its text.
struct Manifest {
    struct Target {
        let name: String
        /// The folder with its sources.
        let path: String
        /// Targets, and products of other packages.
        let dependencies: [String]
        /// Counted from 1.
        let line: Int

        /// Tests and what supports them: no room of the floor plan.
        var isTest: Bool {
            path.hasPrefix("Tests/")
        }
    }

    /// Relative to the repository's root.
    let path: String
    let targets: [Target]
    /// The targets of libraries that other packages may use, by the library's name.
    let libraries: [String: [String]]

    /// - Parameter libraries: Those of a package of this repository that this one depends on. What
    ///   depends on one of them depends on its targets.
    init(
        text: String, path: String = "Package.swift",
        libraries otherLibraries: [String: [String]] = [:]
    ) {
        self.path = path
        let folder = path.dropLast("Package.swift".count)
        let head = #/\.(target|executableTarget|testTarget|systemLibrary)\(\s*name:\s*"(\w+)"/#
        let constants = Self.productConstants(in: text)
        targets = text.matches(of: head).map { match in
            let declaration = Self.balanced(text[match.range.lowerBound...], "(", ")")
            let name = String(match.output.2)
            let path = declaration.firstMatch(of: #/\bpath:\s*"([^"]+)"/#)?.output.1
            let root = match.output.1 == "testTarget" ? "Tests" : "Sources"
            return Target(
                name: name, path: folder + (path.map(String.init) ?? "\(root)/\(name)"),
                dependencies: Self.dependencies(in: declaration, constants)
                    .flatMap { otherLibraries[$0] ?? [$0] },
                line: text[..<match.range.lowerBound].filter { $0 == "\n" }.count + 1)
        }
        libraries = Self.libraries(in: text)
    }

    private static func libraries(in text: String) -> [String: [String]] {
        let head = #/\.library\(\s*name:\s*"(\w+)"/#
        let libraries = text.matches(of: head).map { match in
            let declaration = balanced(text[match.range.lowerBound...], "(", ")")
            return (String(match.output.1), names(after: "targets:", in: declaration, [:]))
        }
        return Dictionary(libraries, uniquingKeysWith: +)
    }

    /// Names that the manifest gives to products: `let x = Target.Dependency.product(name: "X", …`.
    private static func productConstants(in text: String) -> [String: String] {
        let constant = #/\blet\s+(\w+)\s*=\s*Target\.Dependency\.product\(\s*name:\s*"(\w+)"/#
        return Dictionary(
            text.matches(of: constant).map { (String($0.output.1), String($0.output.2)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// What stands between the first `open` and the `close` that belongs to it.
    private static func balanced(
        _ text: Substring, _ open: Character, _ close: Character
    ) -> Substring {
        guard let first = text.firstIndex(of: open) else { return "" }
        var depth = 0
        for index in text[first...].indices {
            if text[index] == open { depth += 1 }
            if text[index] == close { depth -= 1 }
            if depth == 0 { return text[text.index(after: first)..<index] }
        }
        return text[first...]
    }

    private static func dependencies(
        in declaration: Substring, _ constants: [String: String]
    ) -> [String] {
        names(after: "dependencies:", in: declaration, constants)
    }

    /// What the list that follows `label` names.
    private static func names(
        after label: String, in declaration: Substring, _ constants: [String: String]
    ) -> [String] {
        guard let label = declaration.firstRange(of: label) else { return [] }
        let list = balanced(declaration[label.upperBound...], "[", "]")
        let call = #/\.(?:product|target|byName)\(\s*name:\s*"(\w+)"[^)]*\)/#
        let names = list.replacing(call) { "\"\($0.output.1)\"" }
        return names.matches(of: #/"(\w+)"|\b([a-z]\w*)\b/#).map { match in
            let word = String(match.output.1 ?? match.output.2 ?? "")
            return match.output.1 == nil ? constants[word] ?? word : word
        }
    }
}

extension Manifest {
    /// Where the manifest differs from the floor plan and from the folders that targets lie in. A
    /// target's dependencies are those of its room or fewer; a room is built when the
    /// manifest names it, and a folder without a target would be tested by nobody.
    func violations(_ plan: FloorPlan, folders: [String]) -> [Violation] {
        let strays = folders.filter { folder in
            !targets.contains { $0.path == folder || $0.path.hasPrefix(folder + "/") }
        }
        return strays.map {
            Violation(path: path, line: 1, message: "\($0) has no target")
        } + targets.filter { !$0.isTest }.flatMap { violations($0, plan, folders) }
    }

    private func violations(
        _ target: Target, _ plan: FloorPlan, _ folders: [String]
    ) -> [Violation] {
        var messages: [String] = []
        if let room = plan.room(target.name) {
            messages = target.dependencies.filter { !(room.uses + room.modules).contains($0) }
                .map { "\(target.name) may not depend on \($0)" }
        } else {
            messages = ["\(target.name) is missing from the floor plan"]
        }
        if !folders.contains(target.path) { messages.append("\(target.name) is an empty room") }
        return messages.map { Violation(path: path, line: target.line, message: $0) }
    }
}
