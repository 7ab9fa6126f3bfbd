import SettingsFiles
import Simulation

/// Reads `workload`: who asks for what, and when.
struct WorkloadReader {
    private let root: SettingsTable

    init(_ root: SettingsTable) {
        self.root = root
    }

    func sources() throws(SettingsError) -> [RequestSource] {
        let tables = try root.tables("workload")
        guard !tables.isEmpty else { throw root.error("workload", "needs at least one entry") }
        var sources: [RequestSource] = []
        for table in tables { sources.append(try source(table, index: sources.count)) }
        return sources
    }

    private func source(
        _ table: SettingsTable, index: Int
    ) throws(SettingsError) -> RequestSource {
        try table.allow(
            "name", "count", "at-seconds", "per-second", "clients", "think-seconds",
            "prompt-tokens", "output-tokens", "shared-prefix", "cancelled")
        var source = RequestSource(
            name: try table.line("name", default: "requests \(index + 1)"),
            count: try table.integer("count", default: 1, in: Self.counts),
            arrivals: try arrivals(table),
            promptTokens: try table.integers("prompt-tokens", in: 1...Self.tokensMax),
            outputTokens: try table.integersIfPresent("output-tokens", in: 0...Self.tokensMax)
                ?? 1...1)
        if let prefix = try table.table("shared-prefix") {
            try prefix.allow("tokens", "texts")
            source.sharedPrefix = SharedPrefix(
                tokens: try prefix.integers("tokens", in: 0...Self.tokensMax),
                textCount: try prefix.integer("texts", default: 1, in: Self.counts))
        }
        if let cancelled = try table.table("cancelled") {
            try cancelled.allow("share", "after-seconds")
            source.cancellation = Cancellation(
                share: try cancelled.number("share", from: 0, to: 1),
                after: try cancelled.numbers("after-seconds", from: 0, to: Scenario.secondsMax))
        }
        return source
    }

    private func arrivals(_ table: SettingsTable) throws(SettingsError) -> RequestSource.Arrivals {
        let kinds = ["at-seconds", "per-second", "clients"].filter(table.contains)
        guard kinds.count <= 1 else {
            throw table.error(kinds[0], "and '\(kinds[1])' exclude each other")
        }
        guard kinds.first == "clients" || !table.contains("think-seconds") else {
            throw table.error("think-seconds", "needs 'clients'")
        }
        switch kinds.first {
        case "per-second":
            return .poisson(perSecond: try table.number("per-second", from: 1e-6, to: 1e9))
        case "clients":
            return .closedLoop(
                clients: try table.integer("clients", in: Self.counts),
                thinkSeconds: try table.number(
                    "think-seconds", default: 0, from: 0, to: Scenario.secondsMax))
        default:
            return .together(
                at: try table.number("at-seconds", default: 0, from: 0, to: Scenario.secondsMax))
        }
    }

    private static let counts = 1...1_000_000
    private static let tokensMax = 1 << 28
}
