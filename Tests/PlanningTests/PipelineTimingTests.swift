import ChunkSizing
import Planning
import SeededRandom
import Testing

@Suite("the timing of a pipeline")
struct PipelineTimingTests {
    private static func stage(_ fixed: Double, _ linear: Double = 0) -> PrefillCost {
        PrefillCost(fixed: fixed, linear: linear, attention: 0)
    }

    private static func timing(
        _ stages: [PrefillCost], link: LinkCost = LinkCost(latency: 0, secondsPerToken: 0),
        inFlightMax: Int = 1000
    ) -> PipelineTiming {
        PipelineTiming(
            stages: stages,
            links: [LinkCost](repeating: link, count: stages.count - 1),
            inFlightMax: inFlightMax)
    }

    @Test("without links and bounds it is the flow shop", arguments: 0..<20)
    func itIsTheFlowShop(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let costs = (0..<Int.random(in: 1...9, using: &random)).map { _ in
            PrefillCost(
                fixed: Double.random(in: 0...2, using: &random),
                linear: Double.random(in: 0...0.01, using: &random),
                attention: Double.random(in: 0...1e-5, using: &random))
        }
        var cuts = [0]
        for _ in 0..<20 {
            cuts.append(cuts[cuts.count - 1] + Int.random(in: 1...900, using: &random))
        }
        let timing = Self.timing(costs)
        let expected = FlowShop(stages: costs).makespan(cuts: cuts)
        #expect(abs(timing.completion(of: cuts) - expected) < 1e-9 * expected, "seed \(seed)")
    }

    @Test("a link delays what comes next, but keeps no stage from its next chunk")
    func aLinkDelays() {
        let link = LinkCost(latency: 0.5, secondsPerToken: 0.01)
        let timing = Self.timing([Self.stage(3), Self.stage(3)], link: link)
        // Chunks of 100 tokens: three take 9 s, the last one 1 s on the link, 0.5 s and 3 s more.
        #expect(timing.completion(of: [0, 100, 200, 300]) == 13.5)
        // A link that is slower than the stages carries one chunk at a time: 1 + 3 · 4 + 1.
        let slow = Self.timing(
            [Self.stage(1), Self.stage(1)], link: LinkCost(latency: 0, secondsPerToken: 0.04))
        #expect(slow.completion(of: [0, 100, 200, 300]) == 14)
    }

    @Test("no more chunks are under way than are allowed")
    func chunksUnderWay() {
        let stages = [Self.stage(1), Self.stage(1), Self.stage(1)]
        let cuts = [0, 10, 20, 30, 40]
        #expect(Self.timing(stages, inFlightMax: 1).completion(of: cuts) == 12)
        #expect(Self.timing(stages, inFlightMax: 2).completion(of: cuts) == 7)
        #expect(Self.timing(stages, inFlightMax: 3).completion(of: cuts) == 6)
    }

    @Test("a prompt's first token takes the head's time, once")
    func theHead() {
        var timing = Self.timing([Self.stage(1), Self.stage(1)])
        timing.headSeconds = 0.25
        #expect(timing.completion(of: [0, 10, 20]) == 3.25)
        #expect(timing.completions(of: [[0, 10], [0, 10]]) == [2.25, 3.5])
    }

    @Test("prompts follow each other, and short chunks after long ones wait for room")
    func promptsFollowEachOther() {
        let stages = [Self.stage(0, 1), Self.stage(0, 1)]
        let prompts = [[0, 1, 10], [0, 1, 10]]
        // Stage 0 works until 20; what it has begun last takes 9 on stage 1.
        #expect(Self.timing(stages).completions(of: prompts) == [19, 29])
        // With two under way, the third chunk may begin at once and the fourth not before 19.
        #expect(Self.timing(stages, inFlightMax: 2).completions(of: prompts) == [19, 37])
    }

    @Test("expanded prefixes cost time for every chunk")
    func expandedPrefixes() {
        let stage = PrefillCost(fixed: 1, linear: 0, attention: 0, prefix: 0.1)
        #expect(Self.timing([stage]).completion(of: [0, 100, 300]) == 12)
        #expect(stage.averaged(over: 0..<300).fixed == 16)
    }
}
