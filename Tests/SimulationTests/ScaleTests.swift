import ChunkSizing
import PipelineTypes
import Scheduling
import Simulation
import Testing

@Suite("Large simulations")
struct ScaleTests {
    @Test("64 stages, a prompt of a million tokens and 500 chats that wait behind it")
    func millionTokens() throws {
        let cost = PrefillCost(fixed: 2e-4, linear: 2e-7, attention: 4e-13)
        let limits = ServingLimits(
            stageCount: 64, asyncBatchDepth: 0, pageCount: 1 << 15, contextLength: 1 << 21,
            runningRequestsMax: 512, queuedRequestsMax: nil, chunking: .fixed(tokens: 4096),
            prefillTokensMax: 16384, microbatchRequestsMax: nil, prefixCacheEnabled: true)
        let scenario = Scenario(
            stages: Array(repeating: SimulatedStage(cost: cost), count: 64), limits: limits,
            workload: [
                RequestSource(
                    name: "document", promptTokens: 1_000_000...1_000_000, outputTokens: 100...100),
                RequestSource(
                    name: "chats", count: 500, promptTokens: 100...1000, outputTokens: 20...200),
            ])
        let report = try scenario.simulate()
        #expect(report.violations == [])
        #expect(report.totals.finishedRequests == 501)
        // The document's chunks fill every microbatch but the last; then the chats have their turn.
        let shop = FlowShop(stages: Array(repeating: cost, count: 64))
        let expected = shop.nanoseconds(prompt: 1_000_000, chunkSize: 4096) * 1e-9
        let seconds = try #require(report.requests[0].timeToFirstToken)
        #expect(abs(seconds / expected - 1) < 0.01)
        let documentBegan = try #require(report.requests[0].firstToken)
        let chats = report.requests.dropFirst()
        #expect(chats.allSatisfy { $0.firstToken.map { $0 >= documentBegan } ?? false })
    }
}
