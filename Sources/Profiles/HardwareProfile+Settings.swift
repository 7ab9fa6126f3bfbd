package import Planning
package import SettingsFiles

extension HardwareProfile {
    /// Reads a profile; `profiles/README.md` says what each key means. The limits keep everything
    /// that follows from it finite, and refuse a number in the wrong unit.
    package init(_ table: SettingsTable) throws(SettingsError) {
        try table.allow(
            "name", "devices-per-node", "stage-sharing", "memory", "flops", "efficiency", "links",
            "microbatch-seconds", "calibrations")
        let memory = try table.requiredTable("memory")
        try memory.allow("bytes", "bandwidth", "share")
        let links = try table.requiredTable("links")
        try links.allow("within-node", "between-nodes")
        let within = try Link(links.requiredTable("within-node"))
        let between = try links.table("between-nodes")
        var calibrations: [Calibration] = []
        for entry in try table.tables("calibrations") {
            calibrations.append(try Calibration(entry))
        }
        self.init(
            name: try table.text("name"),
            devicesPerNode: try table.integer("devices-per-node", in: 1...4096),
            sharing: try table.choice("stage-sharing", default: .tensorParallel),
            memoryBytes: try memory.number("bytes", from: 1e6, to: 1e18),
            memoryBandwidth: try memory.number("bandwidth", from: 1e6, to: 1e18),
            speeds: try PeakSpeeds(table.requiredTable("flops")),
            efficiency: try Efficiency(table.requiredTable("efficiency")),
            linkWithinNode: within, linkBetweenNodes: try between.map(Link.init) ?? within,
            microbatchSeconds: try table.number("microbatch-seconds", from: 0, to: 100),
            memoryShare: try memory.number("share", default: 0.9, from: 0.001, to: 1),
            calibrations: calibrations)
    }
}

extension PeakSpeeds {
    fileprivate init(_ table: SettingsTable) throws(SettingsError) {
        try table.allow("float32", "bfloat16", "fp8")
        let bfloat16 = try table.number("bfloat16", from: 1e9, to: 1e20)
        self.init(
            float32: try table.number("float32", default: bfloat16 / 2, from: 1e9, to: 1e20),
            bfloat16: bfloat16,
            fp8: try table.number("fp8", default: bfloat16, from: 1e9, to: 1e20))
    }
}

extension Efficiency {
    fileprivate init(_ table: SettingsTable) throws(SettingsError) {
        try table.allow("linear", "attention", "memory", "links")
        self.init(
            linear: try table.number("linear", from: 0.001, to: 1),
            attention: try table.number("attention", from: 0.001, to: 1),
            memory: try table.number("memory", from: 0.001, to: 1),
            links: try table.number("links", from: 0.001, to: 1))
    }
}

extension Link {
    fileprivate init(_ table: SettingsTable) throws(SettingsError) {
        try table.allow("latency", "bandwidth")
        self.init(
            latency: try table.number("latency", from: 0, to: 100),
            bandwidth: try table.number("bandwidth", from: 1e3, to: 1e18))
    }
}

extension Calibration {
    fileprivate init(_ table: SettingsTable) throws(SettingsError) {
        try table.allow("model", "devices", "prompt-length", "seconds", "chunked-prefill-size")
        self.init(
            model: try table.text("model"), devices: try table.integer("devices", in: 1...4096),
            promptLength: try table.integer("prompt-length", in: 1...(1 << 26)),
            seconds: try table.number("seconds", from: 1e-6, to: 1e9),
            chunkSize: try table.integer(
                "chunked-prefill-size", default: Calibration.chunkSizeDefault,
                in: 64...(1 << 26)))
    }
}

extension SettingsTable {
    fileprivate func requiredTable(_ key: String) throws(SettingsError) -> SettingsTable {
        guard let table = try table(key) else { throw error(key, "is missing") }
        return table
    }
}
