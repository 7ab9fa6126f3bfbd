import ArgumentParser
import Foundation
import SettingsFiles

/// Every flag that `penstock serve` knows: those that `ServeCommand` declares and those of
/// `CompatibilityFlag.table`.
struct FlagVocabulary: Sendable {
    static let serve = FlagVocabulary()

    struct Flag: Sendable {
        /// With dashes, the canonical one first.
        let names: [String]
        let arity: Arity
        /// nil for a flag that `ServeCommand` declares.
        let compatibility: CompatibilityFlag?

        /// Asks for a text instead of a server.
        var isHelp: Bool {
            names.contains("--help")
        }
    }

    enum Arity: Sendable {
        case none
        case one
        /// As many integers as follow.
        case integers
    }

    let flags: [Flag]
    private let indexByName: [String: Int]

    private init() {
        flags = Self.declaredFlags() + CompatibilityFlag.table.map(Flag.init)
        indexByName = Dictionary(
            flags.enumerated().flatMap { index, flag in flag.names.map { ($0, index) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// The flag that a name with its dashes stands for.
    func flag(named name: String) throws(UsageError) -> Flag {
        if let index = indexByName[name] { return flags[index] }
        let nearest = NearestName.nearest(to: name, among: flags.flatMap(\.names))
        throw UsageError(
            "unknown flag '\(name)'" + (nearest.map { "; the nearest is '\($0)'" } ?? ""))
    }

    /// What the argument parser says about its own flags.
    private static func declaredFlags() -> [Flag] {
        let description = Data(ServeCommand._dumpHelp().utf8)
        guard let tool = try? JSONDecoder().decode(ToolDescription.self, from: description) else {
            preconditionFailure("the argument parser describes itself in another form")
        }
        return tool.command.arguments.filter { $0.kind != "positional" }.map { argument in
            let names = (argument.names ?? []).map(\.spelling)
            let arity = argument.kind == "flag" ? Arity.none : Arity.one
            return Flag(names: names, arity: arity, compatibility: nil)
        }
    }
}

extension FlagVocabulary.Flag {
    init(_ row: CompatibilityFlag) {
        names = row.names
        compatibility = row
        arity =
            switch row.values {
            case .nothing: .none
            case .integers: .integers
            case .text, .oneOf, .integer, .number, .address: .one
            }
    }
}

/// The part of `--experimental-dump-help` that matters here.
private struct ToolDescription: Decodable {
    let command: Command

    struct Command: Decodable {
        let arguments: [Argument]
    }

    struct Argument: Decodable {
        let kind: String
        let names: [Name]?
    }

    struct Name: Decodable {
        let kind: String
        let name: String

        var spelling: String {
            kind == "long" ? "--\(name)" : "-\(name)"
        }
    }
}
