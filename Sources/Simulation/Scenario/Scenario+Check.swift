import ChunkSizing
import PipelineTypes

extension Scenario {
    /// Checks every number; throws on the first that cannot be simulated.
    package func check() throws(ScenarioError) {
        try checkStages()
        try checkLinks()
        try Quantity("the pipeline", "control latency", controlLatency).isTime()
        try limits.check(stageCount: stages.count)
        try checkWorkload()
        for (index, fault) in faults.enumerated() {
            try fault.check("fault \(index)", stageCount: stages.count)
        }
    }

    private func checkStages() throws(ScenarioError) {
        guard (1...Self.stageCountMax).contains(stages.count) else {
            throw ScenarioError(
                "the pipeline", "needs 1 to \(Self.stageCountMax) stages, has \(stages.count)")
        }
        if let layerCount, stages.count > layerCount {
            throw ScenarioError(
                "the pipeline",
                "\(stages.count) stages are more than the model's \(layerCount) layers")
        }
        for (index, stage) in stages.enumerated() {
            try stage.check("stage \(index)")
        }
    }

    private func checkLinks() throws(ScenarioError) {
        guard links.count == stages.count - 1 else {
            throw ScenarioError(
                "the pipeline", "\(stages.count) stages have \(links.count) links between them")
        }
        for (index, link) in links.enumerated() {
            try link.check("link \(index)")
        }
    }

    private func checkWorkload() throws(ScenarioError) {
        guard !workload.isEmpty else { throw ScenarioError("the workload", "is empty") }
        var tokens = 0
        for source in workload {
            try source.check("the workload's \(source.name)")
            // No factor is above 2³⁰, so neither product nor sum overflows before the check.
            let longest = source.promptTokens.upperBound + source.outputTokens.upperBound
            tokens += source.count * longest
            guard tokens <= Self.tokenCountMax else {
                throw ScenarioError(
                    "the workload",
                    "has up to \(tokens) tokens, a simulation at most \(Self.tokenCountMax)")
            }
        }
    }

    package static let stageCountMax = 4096
    /// Prompts and output of all requests together; bounds a simulation's memory and time.
    package static let tokenCountMax = 1 << 29
    package static let secondsMax = 1e6
}

/// A number of a scenario, with its name and place.
private struct Quantity {
    let place: String
    let name: String
    let value: Double

    init(_ place: String, _ name: String, _ value: Double) {
        self.place = place
        self.name = name
        self.value = value
    }

    func must(_ rule: String, _ holds: Bool) throws(ScenarioError) {
        guard holds else { throw ScenarioError(place, "the \(name) must \(rule), got \(text)") }
    }

    /// Seconds.
    func isTime() throws(ScenarioError) {
        try must("be from 0 to 1000000 s", value >= 0 && value <= Scenario.secondsMax)
    }

    func isBandwidth() throws(ScenarioError) {
        try must("be above 0 bytes/s", value > 0)
        try must("be from 0.001 to 1e18 bytes/s", value >= 0.001 && value <= 1e18)
    }

    func isByteCount() throws(ScenarioError) {
        try must("be from 0 to 1e12 bytes", value >= 0 && value <= 1e12)
    }

    func isWhole(in range: ClosedRange<Int>) throws(ScenarioError) {
        try must(
            "be from \(range.lowerBound) to \(range.upperBound)",
            value >= Double(range.lowerBound) && value <= Double(range.upperBound))
    }

    private var text: String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}

extension SimulatedStage {
    fileprivate func check(_ place: String) throws(ScenarioError) {
        try Quantity(place, "fixed cost", cost.fixed).isTime()
        try Quantity(place, "cost of a token", cost.linear).isTime()
        try Quantity(place, "cost of attention", cost.attention).isTime()
        try Quantity(place, "cost of a prefix", cost.prefix).isTime()
        switch jitter {
        case .none: break
        case .uniform(let share):
            try Quantity(place, "jitter's share", share)
                .must("be from 0 to below 1", share >= 0 && share < 1)
        case .logNormal(let deviation):
            try Quantity(place, "jitter's deviation", deviation)
                .must("be from 0 to 2", deviation >= 0 && deviation <= 2)
        }
        try group?.check("\(place), its tensor-parallel group")
    }
}

extension TensorParallelGroup {
    fileprivate func check(_ place: String) throws(ScenarioError) {
        try Quantity(place, "size", Double(size)).isWhole(in: 1...4096)
        try Quantity(place, "all-reduce count", Double(allReduceCount)).isWhole(in: 0...1_000_000)
        try Quantity(place, "latency", latency).isTime()
        if let bytesPerSecond { try Quantity(place, "bandwidth", bytesPerSecond).isBandwidth() }
        try Quantity(place, "size of a token", bytesPerToken).isByteCount()
    }
}

extension SimulatedLink {
    fileprivate func check(_ place: String) throws(ScenarioError) {
        try Quantity(place, "latency", latency).isTime()
        if let bytesPerSecond { try Quantity(place, "bandwidth", bytesPerSecond).isBandwidth() }
        try Quantity(place, "size of a token", bytesPerToken).isByteCount()
        try Quantity(place, "number of messages received ahead", Double(receivesAheadMax))
            .isWhole(in: 0...4096)
    }
}

extension RequestSource {
    fileprivate func check(_ place: String) throws(ScenarioError) {
        try Quantity(place, "count", Double(count)).isWhole(in: 1...1_000_000)
        switch arrivals {
        case .together(let seconds):
            try Quantity(place, "arrival", seconds).isTime()
        case .poisson(let perSecond):
            try Quantity(place, "rate", perSecond)
                .must("be from 1e-6 to 1e9 a second", perSecond >= 1e-6 && perSecond <= 1e9)
        case .closedLoop(let clients, let thinkSeconds):
            try Quantity(place, "number of clients", Double(clients)).isWhole(in: 1...1_000_000)
            try Quantity(place, "thinking time", thinkSeconds).isTime()
        }
        try check(promptTokens, "prompt length", from: 1, place)
        try check(outputTokens, "output length", from: 0, place)
        if let sharedPrefix {
            try check(sharedPrefix.tokens, "shared prefix", from: 0, place)
            try Quantity(place, "number of shared texts", Double(sharedPrefix.textCount))
                .isWhole(in: 1...1_000_000)
        }
        try Quantity(place, "number of stop tokens", Double(stopTokenCount))
            .isWhole(in: 0...Int(TokenModel.vocabularySize))
        if let cancellation {
            try Quantity(place, "share of cancelled requests", cancellation.share)
                .must("be from 0 to 1", cancellation.share >= 0 && cancellation.share <= 1)
            try Quantity(place, "time of a cancellation", cancellation.after.lowerBound).isTime()
            try Quantity(place, "time of a cancellation", cancellation.after.upperBound).isTime()
        }
    }

    private func check(
        _ range: ClosedRange<Int>, _ name: String, from least: Int, _ place: String
    ) throws(ScenarioError) {
        try Quantity(place, name, Double(range.lowerBound)).isWhole(in: least...1 << 28)
        try Quantity(place, name, Double(range.upperBound)).isWhole(in: least...1 << 28)
    }
}

extension Fault {
    fileprivate func check(_ place: String, stageCount: Int) throws(ScenarioError) {
        switch self {
        case .stageDies(let stage, let time, let downSeconds):
            try Quantity(place, "stage", Double(stage)).isWhole(in: 0...stageCount - 1)
            try Quantity(place, "time", time).isTime()
            try Quantity(place, "time without a pipeline", downSeconds).isTime()
        case .stageSlows(let stage, let factor, let from, let to):
            try Quantity(place, "stage", Double(stage)).isWhole(in: 0...stageCount - 1)
            try Quantity(place, "factor", factor)
                .must("be from 0.001 to 1000", factor >= 0.001 && factor <= 1000)
            try Quantity(place, "time", from).isTime()
            if let to { try Self.check(from, to, place) }
        case .linkStalls(let link, let from, let to):
            guard stageCount > 1 else { throw ScenarioError(place, "one stage has no links") }
            try Quantity(place, "link", Double(link)).isWhole(in: 0...stageCount - 2)
            try Quantity(place, "time", from).isTime()
            try Self.check(from, to, place)
        }
    }

    private static func check(
        _ from: Double, _ to: Double, _ place: String
    ) throws(ScenarioError) {
        try Quantity(place, "end", to).isTime()
        try Quantity(place, "end", to).must("not be before the beginning, \(from) s", to >= from)
    }
}

extension ServingLimits {
    /// What a scheduler can work with.
    fileprivate func check(stageCount: Int) throws(ScenarioError) {
        let place = "the limits"
        guard self.stageCount == stageCount else {
            throw ScenarioError(
                place, "are those of \(self.stageCount) stages, the pipeline has \(stageCount)")
        }
        try Quantity(place, "asynchronous depth", Double(asyncBatchDepth ?? 0))
            .isWhole(in: 0...4096)
        try Quantity(place, "number of pages", Double(pageCount)).isWhole(in: 1...1 << 24)
        try Quantity(place, "context length", Double(contextLength)).isWhole(in: 1...1 << 30)
        try Quantity(place, "number of running requests", Double(runningRequestsMax))
            .isWhole(in: 1...1 << 20)
        try Quantity(place, "number of queued requests", Double(queuedRequestsMax ?? 0))
            .isWhole(in: 0...1 << 30)
        try Quantity(place, "prefill tokens of a microbatch", Double(prefillTokensMax))
            .isWhole(in: Page.size...1 << 30)
        try Quantity(place, "decode steps of a microbatch", Double(microbatchRequestsMax ?? 1))
            .isWhole(in: 1...1 << 30)
        switch chunking {
        case .whole, .automatic: break
        case .fixed(let tokens): try Self.check(chunkSize: tokens, place)
        case .dynamic(let tokens, let factor):
            try Self.check(chunkSize: tokens, place)
            try Quantity(place, "smoothing factor", factor)
                .must("be from 0 to 1", factor >= 0 && factor <= 1)
        }
    }

    private static func check(chunkSize: Int, _ place: String) throws(ScenarioError) {
        let quantity = Quantity(place, "chunk size", Double(chunkSize))
        try quantity.isWhole(in: Page.size...1 << 30)
        try quantity.must("be a multiple of \(Page.size)", chunkSize % Page.size == 0)
    }
}
