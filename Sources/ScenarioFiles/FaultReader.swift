import SettingsFiles
import Simulation

/// Reads `faults`: what goes wrong.
struct FaultReader {
    private let root: SettingsTable
    private let stageCount: Int

    private enum Kind: String, CaseIterable {
        case stageDies = "stage-dies"
        case stageSlows = "stage-slows"
        case linkStalls = "link-stalls"
    }

    init(_ root: SettingsTable, stageCount: Int) {
        self.root = root
        self.stageCount = stageCount
    }

    func faults() throws(SettingsError) -> [Fault] {
        var faults: [Fault] = []
        for table in try root.tables("faults") { faults.append(try fault(table)) }
        return faults
    }

    private func fault(_ table: SettingsTable) throws(SettingsError) -> Fault {
        let kind: Kind = try table.choice("kind")
        switch kind {
        case .stageDies:
            try table.allow("kind", "stage", "at-seconds", "down-seconds")
            return .stageDies(
                stage: try stage(table), at: try seconds("at-seconds", of: table),
                downSeconds: try seconds("down-seconds", of: table))
        case .stageSlows:
            try table.allow("kind", "stage", "factor", "from-seconds", "to-seconds")
            let begin = try seconds("from-seconds", of: table)
            return .stageSlows(
                stage: try stage(table), factor: try table.number("factor", from: 1e-3, to: 1e3),
                from: begin,
                to: table.contains("to-seconds") ? try end(table, after: begin) : nil)
        case .linkStalls:
            try table.allow("kind", "link", "from-seconds", "to-seconds")
            guard stageCount > 1 else { throw table.error("link", "does not exist: one stage") }
            let begin = try seconds("from-seconds", of: table)
            return .linkStalls(
                link: try table.integer("link", in: 0...stageCount - 2), from: begin,
                to: try end(table, after: begin))
        }
    }

    private func stage(_ table: SettingsTable) throws(SettingsError) -> Int {
        try table.integer("stage", in: 0...stageCount - 1)
    }

    private func seconds(_ key: String, of table: SettingsTable) throws(SettingsError) -> Double {
        try table.number(key, from: 0, to: Scenario.secondsMax)
    }

    private func end(
        _ table: SettingsTable, after begin: Double
    ) throws(SettingsError) -> Double {
        let end = try seconds("to-seconds", of: table)
        guard end >= begin else { throw table.error("to-seconds", "is before 'from-seconds'") }
        return end
    }
}
