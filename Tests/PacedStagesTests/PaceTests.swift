import ChunkSizing
import PipelineTypes
import StageProtocol
import StageWorker
import Testing

@testable import PacedStages

@Suite("a paced stage's deadlines")
struct PaceTests {
    private static let cost = PrefillCost(fixed: 0.002, linear: 1e-5, attention: 1e-8)

    @Test("a microbatch takes what the cost model says of all its chunks, the fixed cost once")
    func cost() {
        var pace = Pace(StagePacing(layerCost: Self.cost), stage: 0, layers: 1)
        let microbatch = Self.microbatch((0, 100), (1000, 50))
        let deadline = pace.deadline(of: microbatch, begun: Self.at(5))
        let expected = 0.002 + 150 * 1e-5 + 1e-8 * Double(100 * 100 + 50 * 2050)
        #expect(abs(deadline.seconds(since: Self.at(5)) - expected) < 1e-8)
    }

    @Test("a wake-up that is late shortens the next microbatch, and one that is not does nothing")
    func lateness() {
        var pace = Pace(StagePacing(layerCost: Self.cost), stage: 0, layers: 1)
        let microbatch = Self.microbatch((0, 300))
        var now = Self.at(1)
        for _ in 0..<1000 {
            let deadline = pace.deadline(of: microbatch, begun: now)
            now = Instant(nanoseconds: deadline.nanoseconds + 700_000)
            pace.note(end: now, deadline: deadline)
        }
        // One wake-up's lateness, not a thousand.
        let exact = 1000 * (0.002 + 300 * 1e-5 + 1e-8 * 90_000)
        #expect(abs(now.seconds(since: Self.at(1)) - exact - 0.0007) < 1e-6)
    }

    @Test("a slow-down holds from its begin to its end, counted from the first microbatch")
    func slowdown() {
        let pacing = StagePacing(
            layerCost: Self.cost,
            slowdowns: [
                PacingSlowdown(factor: 2, begin: 1, end: 3), PacingSlowdown(factor: 3, begin: 2),
            ])
        var pace = Pace(pacing, stage: 0, layers: 1)
        let microbatch = Self.microbatch((0, 100))
        let plain = 0.002 + 100 * 1e-5 + 1e-8 * 10_000
        for (seconds, factor) in [(0.0, 1.0), (0.9, 1), (1, 2), (1.9, 2), (2.5, 6), (3, 3)] {
            let begun = Self.at(100 + seconds)
            let deadline = pace.deadline(of: microbatch, begun: begun)
            #expect(abs(deadline.seconds(since: begun) - factor * plain) < 1e-8, "\(seconds) s")
        }
    }

    @Test("layers add up, the fixed cost does not")
    func layers() {
        var pace = Pace(StagePacing(layerCost: Self.cost), stage: 0, layers: 3)
        let deadline = pace.deadline(of: Self.microbatch((0, 100)), begun: Self.at(5))
        let expected = 0.002 + 3 * (100 * 1e-5 + 1e-8 * 10_000)
        #expect(abs(deadline.seconds(since: Self.at(5)) - expected) < 1e-8)
    }

    @Test("slow-downs count from an origin that is given")
    func origin() {
        let pacing = StagePacing(
            layerCost: Self.cost, slowdowns: [PacingSlowdown(factor: 2, begin: 0)],
            origin: Self.at(50))
        let plain = 0.002 + 100 * 1e-5 + 1e-8 * 10_000
        var pace = Pace(pacing, stage: 0, layers: 1)
        for (seconds, factor) in [(60.0, 2.0), (70, 2)] {
            let begun = Self.at(seconds)
            let deadline = pace.deadline(of: Self.microbatch((0, 100)), begun: begun)
            #expect(abs(deadline.seconds(since: begun) - factor * plain) < 1e-8)
        }
    }

    @Test("jitter stays within its share, differs from seed to seed, and repeats with the seed")
    func jitter() {
        func durations(seed: UInt64) -> [Double] {
            var pace = Pace(
                StagePacing(layerCost: Self.cost, jitter: .uniform(share: 0.2), seed: seed),
                stage: 0, layers: 1)
            return (0..<500 as Range<UInt64>).map { number in
                var microbatch = Self.microbatch((0, 100))
                microbatch.id = MicrobatchID(number)
                return pace.deadline(of: microbatch, begun: Self.at(9))
                    .seconds(since: Self.at(9))
            }
        }
        let plain = 0.002 + 100 * 1e-5 + 1e-8 * 10_000
        let first = durations(seed: 1)
        #expect(first == durations(seed: 1))
        #expect(first != durations(seed: 2))
        #expect(first.allSatisfy { abs($0 / plain - 1) <= 0.2001 })
        #expect((first.max() ?? 0) > plain * 1.19 && (first.min() ?? 1) < plain * 0.81)
    }

    @Test("costs beyond all measure are cut off, not trapped on")
    func hugeCosts() {
        let cost = PrefillCost(fixed: 1e308, linear: 1e308, attention: 1e308)
        var pace = Pace(StagePacing(layerCost: cost), stage: 0, layers: 1)
        let deadline = pace.deadline(of: Self.microbatch((1 << 40, 1000)), begun: Self.at(0))
        #expect(abs(deadline.seconds(since: Self.at(0)) - 1e6) < 1e-3)
    }

    @Test("the last stage answers what is asked, the same for the same request and position")
    func results() throws {
        var backend = PacedBackend(
            StagePacing(layerCost: .zero, hiddenSize: 4),
            StageConfiguration(
                stage: 1, layerCounts: [1, 1], modelPath: "", dataType: "", kvCacheType: "",
                activationType: .float32, instructionSet: nil, threadCount: 1, processors: [],
                pageCount: 1, contextLength: 1))
        let sampling = SamplingStep(
            temperature: 0, topP: 1, topK: nil, minP: 0, seed: 0, logitBias: [], penalties: nil,
            logprobs: nil)
        var microbatch = Self.microbatch((0, 3), (10, 2))
        microbatch.chunks[1].outputs.sampling = sampling
        microbatch.chunks[0].outputs.promptLogprobs = PromptLogprobStep(
            firstRow: 0, targets: [7, 8], selection: LogprobSelection())
        let results = try Self.forward(&backend, microbatch)
        #expect(results.map(\.request) == microbatch.chunks.map(\.request))
        #expect(results[0].sampled == nil)
        #expect(results[0].promptLogprobs.map(\.token) == [7, 8])
        #expect(results[1].sampled != nil)
        // Another cut of the same positions gives the same token.
        var other = Self.microbatch((0, 12))
        other.chunks[0].request = microbatch.chunks[1].request
        other.chunks[0].outputs.sampling = sampling
        #expect(try Self.forward(&backend, other)[0].sampled == results[1].sampled)
    }

    private static func forward(
        _ backend: inout PacedBackend, _ microbatch: Microbatch
    ) throws(StageFault) -> [ChunkResult] {
        var none: [Float] = []
        var output = none.mutableSpan
        return try backend.forward(
            microbatch, input: [Float]().span, output: &output, progress: {})
    }

    private static func at(_ seconds: Double) -> Instant {
        Instant(nanoseconds: Int64((seconds * 1e9).rounded()))
    }

    private static func microbatch(_ chunks: (start: Int, count: Int)...) -> Microbatch {
        Microbatch(
            id: MicrobatchID(1),
            chunks: chunks.enumerated().map { index, chunk in
                Chunk(
                    request: RequestID(UInt64(index)), start: chunk.start,
                    tokens: [TokenID](repeating: 1, count: chunk.count), pages: [])
            })
    }
}
