import ChunkSizing
import Foundation
import PipelineTypes
import Simulation
import Testing
import Timelines

/// The trace of a simulation is the same in every process, optimised or not: no clock, no hash seed
/// and no library function has a say in it.
@Suite("Traces")
struct TraceTests {
    private static let seeds: Range<UInt64> = 0..<64

    private static func trace(_ seed: UInt64) throws -> String {
        var scenario = RandomScenario.scenario(seed: seed)
        if seed % 8 == 0 { scenario.seed = seed + 1 }
        let hash = try scenario.simulate(keepsTimeline: false).traceHash
        return String(repeating: "0", count: hash.leadingZeroBitCount / 4) + String(hash, radix: 16)
    }

    @Test("are those that other processes had: scripts/fixtures/trace_hashes.sh writes them anew")
    func fixture() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/trace-hashes.txt")
        let lines = try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n").filter { !$0.hasPrefix("#") }
        var expected = lines.map { $0.split(separator: " ").map(String.init) }[...]
        for seed in Self.seeds {
            let trace = [String(seed), try Self.trace(seed)]
            #expect(trace == expected.popFirst(), "trace \(trace[0]) \(trace[1])")
        }
        #expect(expected.isEmpty)
    }

    @Test("are the same when a scenario is simulated again")
    func again() throws {
        for seed in Self.seeds.prefix(16) {
            #expect(try Self.trace(seed) == Self.trace(seed))
        }
    }

    @Test("say nothing of whether a timeline was kept")
    func timeline() throws {
        for seed in Self.seeds.prefix(16) {
            let scenario = RandomScenario.scenario(seed: seed)
            let reports = try [true, false].map { try scenario.simulate(keepsTimeline: $0) }
            #expect(reports[0].traceHash == reports[1].traceHash)
            #expect(reports[0].requests == reports[1].requests)
            #expect(reports[1].timeline == nil)
        }
    }

    @Test("of any scenario are read back exactly, as they break no law of pipelines")
    func readBack() throws {
        for seed in 0..<300 as Range<UInt64> {
            let scenario = RandomScenario.scenario(seed: seed)
            let timeline = try #require(try scenario.simulate().timeline)
            let read = try ChromeTrace.parse(ChromeTrace.text(timeline))
            #expect(read == timeline, "seed \(seed)")
        }
    }

    @Test("differ from seed to seed, and with the least change of a scenario")
    func differences() throws {
        var scenario = Scenario.uniform(
            stages: 3,
            RequestSource(
                count: 5, arrivals: .poisson(perSecond: 100), promptTokens: 10...1000,
                outputTokens: 1...20))
        let trace = try scenario.simulate().traceHash
        scenario.seed = 1
        #expect(try scenario.simulate().traceHash != trace)
        scenario.seed = 0
        #expect(try scenario.simulate().traceHash == trace)
        scenario.stages[2].cost.linear *= 1.0001
        #expect(try scenario.simulate().traceHash != trace)
    }
}
