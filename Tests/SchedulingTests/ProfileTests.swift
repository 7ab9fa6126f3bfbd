import ChunkSizing
import PipelineTypes
import Scheduling
import Testing

/// Chunks that are computed for nothing but to see what they take.
@Suite("Profile")
struct ProfileTests {
    private static let costs = [
        PrefillCost(fixed: 0.002, linear: 50e-6, attention: 4e-9, prefix: 1e-6),
        PrefillCost(fixed: 0.001, linear: 60e-6, attention: 3e-9, prefix: 2e-6),
    ]

    private static func clockwork(pages: Int = 600) -> Clockwork {
        Clockwork(
            limits: .test(
                stages: 2, depth: nil, pages: pages, context: 1 << 15, chunking: .automatic),
            stages: costs, knownCosts: false)
    }

    @Test("every prompt is a chunk, and all four costs are learnt from few of them")
    func learning() {
        var clockwork = Self.clockwork()
        clockwork.send(.beginCostProfile)
        var expected = [0, 1024, 4096, 8192].flatMap { [$0..<$0 + 64, $0..<$0 + 256] }
        expected.append(0..<512)
        for positions in expected + expected {
            clockwork.submit(
                tokens: positions.upperBound, generating: 0,
                uncomputedPages: positions.lowerBound / Page.size)
        }
        clockwork.run()
        #expect(clockwork.chunks == expected + expected)
        #expect(clockwork.microbatchCount == 2 * expected.count)
        clockwork.send(.endCostProfile)
        let estimates = clockwork.scheduler.status.stageCosts
        #expect(estimates.count == 2)
        for (estimate, truth) in zip(estimates, Self.costs) {
            #expect(abs(estimate.cost.fixed / truth.fixed - 1) < 0.01)
            #expect(abs(estimate.cost.linear / truth.linear - 1) < 0.01)
            #expect(abs(estimate.cost.attention / truth.attention - 1) < 0.01)
            #expect(abs(estimate.cost.prefix / truth.prefix - 1) < 0.01)
        }
        #expect(clockwork.scheduler.isIdle)
        let status = clockwork.scheduler.status
        #expect(status.freePages + status.cachedPages == 600)
    }

    @Test("a profile that was too short is kept for what comes after it")
    func shortProfile() {
        var clockwork = Self.clockwork()
        clockwork.send(.beginCostProfile)
        for _ in 0..<7 { clockwork.submit(tokens: 256, generating: 0) }
        clockwork.run()
        clockwork.send(.endCostProfile)
        #expect(clockwork.scheduler.status.stageCosts.isEmpty)
        clockwork.submit(tokens: 1024)
        clockwork.run()
        #expect(clockwork.scheduler.status.stageCosts.count == 2)
    }

    @Test("what is not computed is never shared, and nothing is taken from the cache for it")
    func sharing() {
        var clockwork = Self.clockwork()
        let tokens = prompt(300)
        var id: UInt64 = 1000
        func submit(uncomputedPages: Int) {
            id += 1
            var sampling = SamplingParameters()
            sampling.maxNewTokens = 0
            clockwork.send(
                .submit(
                    GenerationRequest(
                        id: RequestID(id), prompt: tokens, sampling: sampling,
                        uncomputedPages: uncomputedPages)))
            clockwork.run()
        }
        submit(uncomputedPages: 3)
        #expect(clockwork.chunks.first?.lowerBound == 192)
        #expect(clockwork.scheduler.status.cachedPages == 0)
        submit(uncomputedPages: 0)
        #expect(clockwork.scheduler.status.cachedPages == 4)
        let cached = Set(clockwork.pages.last!.prefix(4))
        submit(uncomputedPages: 3)
        #expect(cached.isDisjoint(with: clockwork.pages.last!))
        submit(uncomputedPages: 0)
        #expect(clockwork.chunks.last == 256..<300)
    }

    @Test("after the loss of the pipeline and where pages are scarce it goes on as it began")
    func replay() {
        var clockwork = Self.clockwork(pages: 20)
        clockwork.send(.beginCostProfile)
        for _ in 0..<3 { clockwork.submit(tokens: 640, generating: 0, uncomputedPages: 8) }
        // Ten pages each: the third waits, as the second has none in reserve.
        #expect(clockwork.chunks == [512..<640])
        clockwork.send(.pipelineLost)
        clockwork.send(.pipelineReady)
        clockwork.run()
        #expect(clockwork.chunks == [Range](repeating: 512..<640, count: 4))
        #expect(clockwork.scheduler.isIdle)
    }
}
