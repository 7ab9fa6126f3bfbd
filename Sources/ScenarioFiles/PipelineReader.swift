import ChunkSizing
import PipelineTypes
import SettingsFiles
import Simulation

/// Reads what the pipeline is made of: `pipeline`, `model` or `stages`, `link` or `links`.
struct PipelineReader {
    private let root: SettingsTable
    private let pipeline: SettingsTable?
    private let model: SettingsTable?
    private let stageTables: [SettingsTable]

    init(_ root: SettingsTable) throws(SettingsError) {
        self.root = root
        pipeline = try root.table("pipeline")
        try pipeline?.allow(
            "stages", "layer-partition", "async-depth", "control-latency-ms", "profiled")
        model = try root.table("model")
        try model?.allow(
            "layers", "fixed-ms", "linear-ms", "attention-ms", "prefix-ms", "jitter-share",
            "jitter-deviation", "tensor-parallel")
        stageTables = try root.tables("stages")
        guard model == nil || stageTables.isEmpty else {
            throw root.error("stages", "and 'model' exclude each other")
        }
        guard model != nil || !stageTables.isEmpty else {
            throw root.error("model", "is missing, and so is 'stages'")
        }
        for stage in stageTables {
            try stage.allow(
                "fixed-ms", "linear-ms", "attention-ms", "prefix-ms", "jitter-share",
                "jitter-deviation", "tensor-parallel")
        }
    }

    // MARK: Stages

    func stages() throws(SettingsError) -> [SimulatedStage] {
        guard let model else {
            if let count = try stageCount(), count != stageTables.count {
                throw root.error(
                    "stages", "has \(stageTables.count) entries, 'pipeline.stages' is \(count)")
            }
            var stages: [SimulatedStage] = []
            for table in stageTables {
                stages.append(try stage(table, share: 1, layers: nil))
            }
            return stages
        }
        let partition = try partition(of: model)
        var stages: [SimulatedStage] = []
        for layers in partition {
            let share = Double(layers) / Double(partition.reduce(0, +))
            stages.append(try stage(model, share: share, layers: layers))
        }
        return stages
    }

    func layerCount() throws(SettingsError) -> Int? {
        try model?.integerIfPresent("layers", in: Self.layers)
    }

    private func stageCount() throws(SettingsError) -> Int? {
        try pipeline?.integerIfPresent("stages", in: 1...Scenario.stageCountMax)
    }

    /// Layers of each stage; nil if there is no model.
    func layerCounts() throws(SettingsError) -> [Int]? {
        guard let model else { return nil }
        return try partition(of: model)
    }

    private func partition(of model: SettingsTable) throws(SettingsError) -> [Int] {
        guard let pipeline else { throw root.error("pipeline", "is missing") }
        let stageCount = try pipeline.integer("stages", in: 1...Scenario.stageCountMax)
        let layers = try model.integer("layers", in: Self.layers)
        let counts = try writtenPartition(pipeline)
        do throws(LayerPartitionError) {
            guard let counts else {
                return try LayerPartition(layers: layers, stages: stageCount).layerCounts
            }
            return try LayerPartition(
                layerCounts: counts, layers: layers, stages: stageCount
            ).layerCounts
        } catch {
            throw pipeline.error(
                counts == nil ? "stages" : "layer-partition", "does not fit: \(error)")
        }
    }

    private func writtenPartition(_ pipeline: SettingsTable) throws(SettingsError) -> [Int]? {
        let key = "layer-partition"
        guard let numbers = try pipeline.numbers(key, from: 1, to: 1e6) else { return nil }
        let counts = numbers.compactMap { Int(exactly: $0) }
        guard counts.count == numbers.count else { throw pipeline.error(key, "must be integers") }
        return counts
    }

    /// - Parameter share: of the linear layers and the attention that the table describes.
    private func stage(
        _ table: SettingsTable, share: Double, layers: Int?
    ) throws(SettingsError) -> SimulatedStage {
        let cost = PrefillCost(
            fixed: try table.number("fixed-ms", from: 0, to: Self.millisecondsMax) * 1e-3,
            linear: try table.number("linear-ms", from: 0, to: Self.millisecondsMax) * 1e-3 * share,
            attention: try table.number("attention-ms", from: 0, to: Self.millisecondsMax) * 1e-3
                * share,
            prefix: (try table.numberIfPresent("prefix-ms", from: 0, to: Self.millisecondsMax) ?? 0)
                * 1e-3 * share)
        return SimulatedStage(
            cost: cost, jitter: try jitter(table), group: try group(table, layers: layers))
    }

    private func jitter(_ table: SettingsTable) throws(SettingsError) -> Jitter {
        let share = try table.numberIfPresent("jitter-share", from: 0, to: 0.99)
        let deviation = try table.numberIfPresent("jitter-deviation", from: 0, to: 2)
        switch (share, deviation) {
        case (nil, nil): return .none
        case (let share?, nil): return .uniform(share: share)
        case (nil, let deviation?): return .logNormal(deviation: deviation)
        case (_?, _?):
            throw table.error("jitter-share", "and 'jitter-deviation' exclude each other")
        }
    }

    private func group(
        _ stage: SettingsTable, layers: Int?
    ) throws(SettingsError) -> TensorParallelGroup? {
        guard let table = try stage.table("tensor-parallel") else { return nil }
        try table.allow(
            "size", "all-reduces", "latency-ms", "gigabytes-per-second", "bytes-per-token")
        // Two in each layer, unless the file says otherwise.
        guard
            let count = try table.integerIfPresent("all-reduces", in: 0...2_000_000)
                ?? layers.map({ 2 * $0 })
        else { throw table.error("all-reduces", "is missing") }
        return TensorParallelGroup(
            size: try table.integer("size", in: 1...4096), allReduceCount: count,
            latency: try Self.milliseconds("latency-ms", of: table),
            bytesPerSecond: try Self.bandwidth(table),
            bytesPerToken: try table.number("bytes-per-token", default: 0, from: 0, to: 1e12))
    }

    // MARK: Between stages

    func links(count: Int) throws(SettingsError) -> [SimulatedLink] {
        let tables = try root.tables("links")
        let common = try root.table("link")
        guard !root.contains("links") || common == nil else {
            throw root.error("links", "and 'link' exclude each other")
        }
        guard !tables.isEmpty else {
            return [SimulatedLink](repeating: try link(common), count: count)
        }
        guard tables.count == count else {
            throw root.error(
                "links", "has \(tables.count) entries, there are \(count) between the stages")
        }
        var links: [SimulatedLink] = []
        for table in tables { links.append(try link(table)) }
        return links
    }

    private func link(_ table: SettingsTable?) throws(SettingsError) -> SimulatedLink {
        guard let table else { return SimulatedLink() }
        try table.allow(
            "latency-ms", "gigabytes-per-second", "bytes-per-token", "sends", "receives-ahead")
        var link = SimulatedLink(
            latency: try Self.milliseconds("latency-ms", of: table),
            bytesPerSecond: try Self.bandwidth(table),
            bytesPerToken: try table.number("bytes-per-token", default: 0, from: 0, to: 1e12),
            sends: try table.choice("sends", default: .asynchronous))
        link.receivesAheadMax = try table.integer(
            "receives-ahead", default: link.receivesAheadMax, in: 0...4096)
        return link
    }

    func controlLatency() throws(SettingsError) -> Double {
        guard let pipeline else { return 0 }
        return try Self.milliseconds("control-latency-ms", of: pipeline)
    }

    func isProfiled() throws(SettingsError) -> Bool {
        try pipeline?.flag("profiled", default: true) ?? true
    }

    /// nil leaves it to the scheduler.
    func asyncBatchDepth() throws(SettingsError) -> Int? {
        try pipeline?.integerIfPresent("async-depth", in: 0...4096)
    }

    // MARK: Units

    private static let layers = 1...1_000_000
    private static let millisecondsMax = 1e9

    /// Seconds.
    private static func milliseconds(
        _ key: String, of table: SettingsTable
    ) throws(SettingsError) -> Double {
        try table.number(key, default: 0, from: 0, to: millisecondsMax) * 1e-3
    }

    /// Bytes per second; nil is unlimited.
    private static func bandwidth(_ table: SettingsTable) throws(SettingsError) -> Double? {
        try table.numberIfPresent("gigabytes-per-second", above: 0, to: 1e9).map { $0 * 1e9 }
    }
}
