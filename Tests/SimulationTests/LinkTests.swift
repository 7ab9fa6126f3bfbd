import ChunkSizing
import PipelineTypes
import Scheduling
import Simulation
import Testing

@Suite("Chunks for slow links")
struct LinkTests {
    /// Times to first token of prompts of 65,536 tokens, one after the other, on eight stages that
    /// take 40.5 ms for one and 0.48 ms more for each of its chunks.
    private static func seconds(
        _ chunking: ChunkingPolicy, link: SimulatedLink, prompts: Int = 1, isProfiled: Bool = true
    ) throws -> [Double] {
        let cost = PrefillCost(fixed: 4.8e-4, linear: 1.576e-7, attention: 7.03e-12)
        var limits = ServingLimits.simulated(stages: 8, depth: 2)
        limits.chunking = chunking
        var scenario = Scenario.uniform(
            stages: 8, cost: cost, limits: limits,
            RequestSource(
                count: prompts, arrivals: .closedLoop(clients: 1, thinkSeconds: 0),
                promptTokens: 65_536...65_536))
        scenario.links = [SimulatedLink](repeating: link, count: 7)
        scenario.isProfiled = isProfiled
        return try scenario.report().requests.compactMap(\.timeToFirstToken)
    }

    static let links = [
        SimulatedLink(latency: 1e-5, bytesPerSecond: 2e9, bytesPerToken: 8192),
        SimulatedLink(latency: 1e-5, bytesPerSecond: 12.5e9, bytesPerToken: 8192),
        SimulatedLink(latency: 5e-3),
    ]

    @Test("are no worse than the best of a fixed size", arguments: links)
    func fixedSizes(link: SimulatedLink) throws {
        let fixed = try [128, 256, 512, 1024, 2048, 4096, 8192].map {
            try Self.seconds(.fixed(tokens: $0), link: link)[0]
        }
        let automatic = try Self.seconds(.automatic, link: link)[0]
        #expect(try automatic <= #require(fixed.min()))
    }

    @Test("are learnt from messages, if nobody knows the links", arguments: links)
    func learning(link: SimulatedLink) throws {
        let known = try Self.seconds(.automatic, link: link)[0]
        let learnt = try Self.seconds(.automatic, link: link, prompts: 4, isProfiled: false)
        #expect(learnt[3] <= 1.03 * known)
    }
}
