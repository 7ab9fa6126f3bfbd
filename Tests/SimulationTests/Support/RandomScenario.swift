import ChunkSizing
import PipelineTypes
import SeededRandom
import Simulation

/// Small pipelines with too few pages, all kinds of stages and links, and all kinds of trouble.
struct RandomScenario {
    private var random: SeededGenerator
    private let stageCount: Int
    /// Short prompts that grow long, on few pages: requests must step back all the time.
    private let isCrowded: Bool

    static func scenario(seed: UInt64) -> Scenario {
        var random = RandomScenario(seed: seed)
        return random.scenario(seed: seed)
    }

    /// Sound numbers, but some of them as large or as small as they may be.
    static func extremeScenario(seed: UInt64) -> Scenario {
        var scenario = scenario(seed: seed)
        var random = SeededGenerator(seed: ~seed)
        func extreme(_ values: [Double], _ target: inout Double) {
            guard random.once(in: 3) else { return }
            target = values[Int.random(in: 0..<values.count, using: &random)]
        }
        let times = [0, 1e-300, 1e-12, 1, 1e6]
        extreme(times, &scenario.controlLatency)
        for index in scenario.stages.indices {
            extreme(times, &scenario.stages[index].cost.fixed)
            extreme(times, &scenario.stages[index].cost.linear)
            extreme(times, &scenario.stages[index].cost.attention)
            scenario.stages[index].group?.allReduceCount = 1_000_000
        }
        for index in scenario.links.indices {
            extreme(times, &scenario.links[index].latency)
            extreme([0, 1e-300, 1e12], &scenario.links[index].bytesPerToken)
            var bytesPerSecond = scenario.links[index].bytesPerSecond ?? 1e18
            extreme([1e-3, 1, 1e18], &bytesPerSecond)
            scenario.links[index].bytesPerSecond = bytesPerSecond
        }
        for index in scenario.workload.indices where random.once(in: 3) {
            scenario.workload[index].arrivals = .poisson(
                perSecond: random.once(in: 2) ? 1e-6 : 1e9)
        }
        return scenario
    }

    private init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        stageCount = random.once(in: 6) ? 1 : Int.random(in: 2...8, using: &random)
        isCrowded = random.once(in: 3)
    }

    private mutating func scenario(seed: UInt64) -> Scenario {
        let isUniform = random.once(in: 2)
        let stage = stage()
        var scenario = Scenario(
            stages: (0..<stageCount).map { _ in isUniform ? stage : self.stage() },
            limits: limits(),
            workload: (0..<Int.random(in: 1...3, using: &random)).map { _ in source() })
        let link = link()
        scenario.links = scenario.links.map { _ in isUniform ? link : self.link() }
        if random.once(in: 2) { scenario.controlLatency = seconds(upTo: 0.01) }
        if random.once(in: 2) {
            scenario.faults = (0..<Int.random(in: 1...3, using: &random)).map { _ in fault() }
        }
        scenario.isProfiled = random.once(in: 2)
        scenario.seed = seed
        return scenario
    }

    private mutating func limits() -> ServingLimits {
        ServingLimits(
            stageCount: stageCount,
            asyncBatchDepth: random.once(in: 3) ? nil : Int.random(in: 0...3, using: &random),
            pageCount: Int.random(in: isCrowded ? 4...10 : 3...40, using: &random),
            contextLength: isCrowded ? 800 : Int.random(in: 64...1200, using: &random),
            runningRequestsMax: Int.random(in: 1...12, using: &random),
            queuedRequestsMax: random.once(in: 5) ? Int.random(in: 0...4, using: &random) : nil,
            chunking: chunking(),
            prefillTokensMax: Int.random(in: 64...700, using: &random),
            microbatchRequestsMax: random.once(in: 3) ? Int.random(in: 1...3, using: &random) : nil,
            prefixCacheEnabled: !random.once(in: 5))
    }

    private mutating func chunking() -> ChunkingPolicy {
        let tokens = Int.random(in: 1...5, using: &random) * Page.size
        return switch Int.random(in: 0..<6, using: &random) {
        case 0: .whole
        case 1, 2: .fixed(tokens: tokens)
        case 3: .dynamic(tokens: tokens, smoothingFactor: Double.random(in: 0...1, using: &random))
        default: .automatic
        }
    }

    private mutating func stage() -> SimulatedStage {
        let cost = PrefillCost(
            fixed: seconds(upTo: 0.005), linear: seconds(upTo: 2e-5), attention: seconds(upTo: 1e-7)
        )
        let jitter: [Jitter] = [
            .none, .uniform(share: Double.random(in: 0..<1, using: &random)),
            .logNormal(deviation: Double.random(in: 0...1, using: &random)),
        ]
        let group = TensorParallelGroup(
            size: Int.random(in: 1...8, using: &random), allReduceCount: 4, latency: 1e-5,
            bytesPerSecond: random.once(in: 2) ? nil : 1e9, bytesPerToken: 8192)
        return SimulatedStage(
            cost: cost, jitter: jitter[Int.random(in: 0..<3, using: &random)],
            group: random.once(in: 3) ? group : nil)
    }

    private mutating func link() -> SimulatedLink {
        var link = SimulatedLink(
            latency: seconds(upTo: 0.003),
            bytesPerSecond: random.once(in: 2) ? nil : Double.random(in: 1e6...1e9, using: &random),
            bytesPerToken: 8192, sends: random.once(in: 3) ? .synchronous : .asynchronous)
        if random.once(in: 4) { link.receivesAheadMax = Int.random(in: 0...2, using: &random) }
        return link
    }

    private mutating func source() -> RequestSource {
        let arrivals: [RequestSource.Arrivals] = [
            .together(at: seconds(upTo: 0.2)),
            .poisson(perSecond: Double.random(in: 5...500, using: &random)),
            .closedLoop(
                clients: Int.random(in: 1...4, using: &random), thinkSeconds: seconds(upTo: 0.05)),
        ]
        let shortest = Int.random(in: 1...(isCrowded ? 60 : 400), using: &random)
        let output = isCrowded ? 20...250 : 0...Int.random(in: 0...40, using: &random)
        var source = RequestSource(
            count: Int.random(in: 1...5, using: &random),
            arrivals: arrivals[Int.random(in: 0..<3, using: &random)],
            promptTokens: shortest...shortest + Int.random(in: 0...200, using: &random),
            outputTokens: output)
        if random.once(in: 2) {
            let tokens = Int.random(in: 1...300, using: &random)
            source.sharedPrefix = SharedPrefix(
                tokens: tokens / 2...tokens, textCount: Int.random(in: 1...2, using: &random))
        }
        if random.once(in: 4) {
            source.cancellation = Cancellation(
                share: Double.random(in: 0...1, using: &random), after: 0...seconds(upTo: 0.3))
        }
        if random.once(in: 4) { source.stopTokenCount = Int.random(in: 1...400, using: &random) }
        return source
    }

    private mutating func fault() -> Fault {
        let from = seconds(upTo: 0.3)
        return switch Int.random(in: 0..<3, using: &random) {
        case 0:
            .stageDies(
                stage: Int.random(in: 0..<stageCount, using: &random), at: from,
                downSeconds: seconds(upTo: 0.2))
        case 1:
            .stageSlows(
                stage: Int.random(in: 0..<stageCount, using: &random),
                factor: Double.random(in: 0.5...20, using: &random), from: from,
                to: random.once(in: 2) ? nil : from + seconds(upTo: 0.5))
        case _ where stageCount > 1:
            .linkStalls(
                link: Int.random(in: 0..<stageCount - 1, using: &random), from: from,
                to: from + seconds(upTo: 0.3))
        default:
            .stageDies(stage: 0, at: from, downSeconds: 0)
        }
    }

    /// Often nothing at all.
    private mutating func seconds(upTo most: Double) -> Double {
        random.once(in: 4) ? 0 : Double.random(in: 0...most, using: &random)
    }
}

extension SeededGenerator {
    /// True once in so many times.
    fileprivate mutating func once(in times: Int) -> Bool {
        Int.random(in: 0..<times, using: &self) == 0
    }
}
