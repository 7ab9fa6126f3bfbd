import ChunkSizing
import PipelineTypes
import Simulation
import Testing

/// What the chunking policies make of a lone prompt, when the scheduler of the server applies them.
@Suite("Chunking policies")
struct PolicyTests {
    struct Case: CustomTestStringConvertible {
        let stages: Int
        let tokens: Int
        /// Of one stage's time for the whole prompt.
        let attentionShare: Double
        /// Seconds, where a token takes a microsecond.
        let fixed: Double

        var testDescription: String {
            "\(stages) stages, \(tokens) tokens, \(attentionShare) attention, \(fixed) s fixed"
        }

        var cost: PrefillCost {
            let attention = 1e-6 * attentionShare / (1 - attentionShare) / Double(tokens)
            return PrefillCost(fixed: fixed, linear: 1e-6, attention: attention)
        }

        #if DEBUG
        static let lengths = [4096, 65_536]
        #else
        static let lengths = [4096, 65_536, 524_288]
        #endif

        static let all: [Case] = [2, 8, 32].flatMap { stages in
            lengths.flatMap { tokens in
                [0.02, 0.5, 0.95].flatMap { share in
                    [1e-4, 5e-3].map {
                        Case(stages: stages, tokens: tokens, attentionShare: share, fixed: $0)
                    }
                }
            }
        }
    }

    private static let others =
        [512, 2048, 8192, 32768].map { ChunkingPolicy.fixed(tokens: $0) }
        + [2048, 8192].map { .dynamic(tokens: $0, smoothingFactor: 0.8) }

    private static func scenario(
        _ chunking: ChunkingPolicy, _ example: Case, _ source: RequestSource
    ) -> Scenario {
        let limits = ServingLimits.simulated(
            stages: example.stages, depth: nil, pages: 1 << 14, context: 1 << 20,
            chunking: chunking)
        return .uniform(stages: example.stages, cost: example.cost, limits: limits, source)
    }

    private static func makespan(_ chunking: ChunkingPolicy, _ example: Case) throws -> Double {
        try scenario(chunking, example, .prompt(example.tokens)).report().makespan
    }

    /// The shortest makespan that there is.
    private static func best(_ example: Case) -> Double {
        OptimalChunks.schedule(
            in: FlowShop(stages: Array(repeating: example.cost, count: example.stages)),
            of: ChunkGrid(positions: 0..<example.tokens, pageSize: Page.size)
        ).makespan
    }

    @Test("the automatic one is within one per cent of the best schedule, with no setting")
    func automatic() throws {
        for example in Case.all {
            let makespan = try Self.makespan(.automatic, example)
            #expect(makespan <= Self.best(example) * 1.01, "\(example)")
        }
    }

    @Test("none of the others beats the automatic one by more than that")
    func others() throws {
        for example in Case.all where example.tokens <= 65_536 {
            let automatic = try Self.makespan(.automatic, example)
            let others = try Self.others.map { try Self.makespan($0, example) }
            #expect(automatic <= (others.min() ?? 0) * 1.01, "\(example)")
        }
    }

    @Test("the automatic one finds out by itself what stages take")
    func learning() throws {
        for example in Case.all where example.tokens == 65_536 {
            var source = RequestSource.prompt(example.tokens)
            source.count = 3
            source.arrivals = .closedLoop(clients: 1, thinkSeconds: 0)
            var scenario = Self.scenario(.automatic, example, source)
            scenario.isProfiled = false
            let times = try scenario.report().requests.map { try #require($0.timeToFirstToken) }
            let best = Self.best(example)
            // The first prompt is cut in the dark.
            #expect(times[0] < best * 2, "\(example)")
            #expect(times[2] < best * 1.01, "\(example)")
        }
    }
}
