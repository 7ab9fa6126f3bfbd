package import SettingsFiles
package import Simulation

/// A scenario as a YAML file describes it; `scenarios/README.md` says how to write one.
package struct ScenarioFile: Hashable, Sendable {
    /// A line for titles.
    package var name: String
    package var scenario: Scenario
    /// Layers of each stage; one each where the file describes stages without layers.
    package var layerCounts: [Int]
    /// Numbers in a row of the activations that paced stages pass on.
    package var pacedHiddenSize: Int
    /// Paced stages share the layers out anew, by what each took, whenever they start again.
    package var pacedPartitionsByCost: Bool

    /// Throws on what cannot be read, and on what cannot be simulated.
    package init(contentsOf path: String) throws(SettingsError) {
        try self.init(SettingsTable(contentsOf: path))
    }

    package init(yaml text: String, file: String) throws(SettingsError) {
        try self.init(SettingsTable(yaml: text, file: file))
    }

    private init(_ table: SettingsTable) throws(SettingsError) {
        try table.allow(
            "name", "seed", "pipeline", "model", "stages", "link", "links", "limits", "workload",
            "faults", "paced")
        name = try table.line("name", default: SettingsError.printable(table.file))
        let pipeline = try PipelineReader(table)
        let stages = try pipeline.stages()
        var scenario = Scenario(
            stages: stages, links: try pipeline.links(count: stages.count - 1),
            limits: try LimitsReader(table, pipeline: pipeline, stageCount: stages.count).limits(),
            workload: try WorkloadReader(table).sources())
        scenario.controlLatency = try pipeline.controlLatency()
        scenario.layerCount = try pipeline.layerCount()
        scenario.isProfiled = try pipeline.isProfiled()
        scenario.faults = try FaultReader(table, stageCount: stages.count).faults()
        scenario.seed = try Self.seed(table)
        do {
            try scenario.check()
        } catch {
            throw table.error(nil, error.description)
        }
        self.scenario = scenario
        layerCounts = try pipeline.layerCounts() ?? scenario.stages.map { _ in 1 }
        let paced = try table.table("paced")
        try paced?.allow("hidden-size", "partition-by-cost")
        pacedPartitionsByCost = try paced?.flag("partition-by-cost", default: false) ?? false
        pacedHiddenSize =
            try paced?.integerIfPresent("hidden-size", in: 1...Self.pacedHiddenSizeMax)
            ?? Self.pacedHiddenSizeDefault
    }

    private static let pacedHiddenSizeMax = 16384
    private static let pacedHiddenSizeDefault = 16

    private static func seed(_ table: SettingsTable) throws(SettingsError) -> UInt64 {
        UInt64(try table.integer("seed", default: 0, in: 0...Int.max))
    }
}
