/// Reads the arguments of `penstock serve` as launch_server's users type them, answers the flags
/// that have no effect here, and leaves for `ServeCommand` what it declares, in the one spelling
/// `--flag=value`.
struct ServeArguments {
    /// For the argument parser.
    private(set) var remaining: [String] = []
    /// One line each, for standard error.
    private(set) var notes: [String] = []

    private struct Use {
        let flag: FlagVocabulary.Flag
        let spelling: String
        let values: [String]
    }

    /// - Parameter readFile: the text of the file at a path, for `--config`.
    init(
        _ arguments: [String], readFile: (String) throws -> String
    ) throws(UsageError) {
        let vocabulary = FlagVocabulary.serve
        var (uses, positionals) = try Self.read(arguments, vocabulary)
        if uses.contains(where: \.flag.isHelp) {
            remaining = ["--help"]
            return
        }
        if let path = uses.last(where: { $0.spelling == "--config" })?.values.first {
            let file = try ConfigurationFile(path: path, readFile: readFile)
            let fromFile = try Self.read(file.arguments(vocabulary), vocabulary)
            uses = fromFile.uses + uses
        }
        try answer(uses)
        if !positionals.isEmpty { remaining += ["--"] + positionals }
    }

    /// The last use of a flag counts.
    private mutating func answer(_ uses: [Use]) throws(UsageError) {
        for (index, use) in uses.enumerated() {
            let name = use.flag.names[0]
            if uses[(index + 1)...].contains(where: { $0.flag.names[0] == name }) { continue }
            if let row = use.flag.compatibility {
                if let note = try row.answer(to: use.values, spelling: use.spelling) {
                    notes.append(note)
                }
            } else {
                remaining.append(([name] + use.values).joined(separator: "="))
            }
        }
    }

    private static func read(
        _ arguments: [String], _ vocabulary: FlagVocabulary
    ) throws(UsageError) -> (uses: [Use], positionals: [String]) {
        var uses: [Use] = []
        var positionals: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                positionals += rest
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                positionals.append(argument)
                continue
            }
            let parts = argument.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let spelling = String(parts[0])
            let flag = try vocabulary.flag(named: spelling)
            let values = try values(
                of: flag, spelling, joined: parts.dropFirst().first.map(String.init), &rest)
            uses.append(Use(flag: flag, spelling: spelling, values: values))
        }
        return (uses, positionals)
    }

    private static func values(
        of flag: FlagVocabulary.Flag, _ spelling: String, joined: String?,
        _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> [String] {
        if let joined {
            guard flag.arity != .none else { throw UsageError("'\(spelling)' takes no value") }
            return [joined]
        }
        switch flag.arity {
        case .none:
            return []
        case .one:
            guard let value = rest.first, !value.hasPrefix("--") else {
                throw UsageError("'\(spelling)' lacks its value")
            }
            rest.removeFirst()
            return [value]
        case .integers:
            let values = Array(rest.prefix { Int($0) != nil })
            guard !values.isEmpty else {
                throw UsageError("'\(spelling)' lacks its values, one or more integers")
            }
            rest.removeFirst(values.count)
            return values
        }
    }
}
