import PipelineTypes
import ScenarioFiles
import Simulation
import Timelines

/// All that `penstock simulate` has to say of a scenario, as JSON.
struct SimulationFigures: Encodable {
    let name: String
    let seed: UInt64
    let stages: Int
    let chunking: String
    /// Each stage's layers when the run begins.
    let layerCounts: [Int]
    /// Hexadecimal; the same for the same scenario and seed, on every machine.
    let traceHash: String
    let simulated: Run
    /// Real processes on stages that wait instead of computing.
    let paced: Run?

    init(file: ScenarioFile, simulated: RunFigures, paced: RunFigures?) {
        let scenario = file.scenario
        name = file.name
        layerCounts = file.layerCounts
        seed = scenario.seed
        stages = scenario.stages.count
        chunking = scenario.limits.chunking.description
        let digits = String(simulated.traceHash ?? 0, radix: 16)
        traceHash = String(repeating: "0", count: 16 - digits.count) + digits
        self.simulated = Run(simulated)
        self.paced = paced.map(Run.init)
    }

    struct Run: Encodable {
        let makespanSeconds: Double
        let timeToFirstTokenSeconds: Spread?
        let interTokenLatencySeconds: Spread?
        let promptTokensPerSecond: Double
        let outputTokensPerSecond: Double
        let requests: [Request]
        let ends: [End]
        let bubbles: BubbleReport
        /// Of a paced run: each stage's layers when it ended.
        let layerCounts: [Int]?

        init(_ run: RunFigures) {
            makespanSeconds = run.makespan
            timeToFirstTokenSeconds = run.timeToFirstToken.map(Spread.init)
            interTokenLatencySeconds = run.interTokenLatency.map(Spread.init)
            promptTokensPerSecond = run.promptTokensPerSecond
            outputTokensPerSecond = run.outputTokensPerSecond
            requests = run.requests.map { Request($0, chunks: run.chunks(of: $0.id)) }
            ends = run.ends.map { End(end: $0.name, requests: $0.count) }
            bubbles = run.bubbles
            layerCounts = run.layerCounts
        }
    }

    struct Spread: Encodable {
        let count: Int
        let mean: Double
        let median: Double
        let p90: Double
        let p99: Double
        let max: Double

        init(_ distribution: Distribution) {
            count = distribution.count
            mean = distribution.mean
            median = distribution.median
            p90 = distribution.p90
            p99 = distribution.p99
            max = distribution.max
        }
    }

    struct End: Encodable {
        let end: String
        let requests: Int
    }

    struct Request: Encodable {
        let source: String
        let promptTokens: Int
        let cachedTokens: Int
        let outputTokens: Int
        let submittedSeconds: Double
        let timeToFirstTokenSeconds: Double?
        /// Tokens of each chunk of its prompt.
        let chunks: [Int]

        init(_ outcome: RequestOutcome, chunks: [Int]) {
            source = outcome.source
            promptTokens = outcome.promptTokens
            cachedTokens = outcome.cachedTokens
            outputTokens = outcome.outputTokens
            submittedSeconds = outcome.submitted.seconds(since: Instant(nanoseconds: 0))
            timeToFirstTokenSeconds = outcome.timeToFirstToken
            self.chunks = chunks.count <= Self.chunksMax ? chunks : []
        }

        /// Of a prompt with more, none are listed.
        private static let chunksMax = 4096
    }
}
